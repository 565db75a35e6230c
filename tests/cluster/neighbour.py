"""Another tenant, who wants no more than what the operator does for everybody, and how long it takes."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable

from tests.cluster.bundles import manifest
from tests.cluster.hostile import ARTIFACT
from tests.cluster.raw_api import RawApi
from tools.testkit.kubectl import Manifest

OURS, CORE, APPS = "apis/modelbundle.dev/v1alpha1", "api/v1", "apis/apps/v1"
_numbers = itertools.count(1)


class Neighbour:
    """Two bundles that serve, `left` and `right`, are in the namespace already."""

    def __init__(self, api: RawApi, namespace: str) -> None:
        self._api = api
        self._namespace = namespace
        # no node has such a label: a scaled Deployment, and no pod that costs anything
        serving = {"replicas": 1, "nodeSelector": {"none.example/x": "none"}}
        self._scaled = manifest("scaled", ARTIFACT, serving, loadPredictFn="p.load", loadModelFn="p.model")
        self._create("modelbundles", self._scaled)
        endpoint = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": {"name": "moved"}}
        self._create("modelendpoints", {**endpoint, "spec": {"bundle": "left"}})
        self._until(lambda: self._points_to() == "left" and self._get("services", "scaled", CORE) is not None, 120)

    def lives(self, seconds: float) -> dict[str, float]:
        """Seconds until each thing that it asks for was done; an error where one takes longer than `seconds`."""
        return {
            "create": self._timed(self._creates, seconds),
            "scale": self._timed(self._scales, seconds),
            "repair": self._timed(self._breaks, seconds),
            "move": self._timed(self._moves, seconds),
        }

    def _timed(self, ask: Callable[[], Callable[[], bool]], seconds: float) -> float:
        began = time.monotonic()
        done = ask()
        self._until(done, seconds)
        return time.monotonic() - began

    def _creates(self) -> Callable[[], bool]:
        name = f"new-{next(_numbers)}"
        body = manifest(name, ARTIFACT, {"replicas": 0}, loadPredictFn="p.load", loadModelFn="p.model")
        self._create("modelbundles", body)
        return lambda: "conditions" in ((self._get("modelbundles", name, OURS) or {}).get("status") or {})

    def _scales(self) -> Callable[[], bool]:
        deployment = self._get("deployments", "scaled", APPS)
        wanted = 3 - (deployment["spec"]["replicas"] if deployment else 1)
        self._api.patch(self._namespace, "modelbundles", "scaled", OURS, {"spec": {"serving": {"replicas": wanted}}})
        return lambda: (self._get("deployments", "scaled", APPS) or {"spec": {}})["spec"].get("replicas") == wanted

    def _breaks(self) -> Callable[[], bool]:
        service = self._get("services", "scaled", CORE)
        assert service is not None
        self._api.delete(self._namespace, "services", "scaled", CORE)
        gone = service["metadata"]["uid"]
        return lambda: (self._get("services", "scaled", CORE) or {"metadata": {"uid": gone}})["metadata"]["uid"] != gone

    def _moves(self) -> Callable[[], bool]:
        to = "right" if self._points_to() == "left" else "left"
        self._api.patch(self._namespace, "modelendpoints", "moved", OURS, {"spec": {"bundle": to}})
        return lambda: self._points_to() == to

    def _points_to(self) -> str:
        service = self._get("services", "moved", CORE) or {"spec": {}}
        return str((service["spec"].get("selector") or {}).get("modelbundle.dev/bundle"))

    def _create(self, plural: str, body: Manifest) -> None:
        self._api.create(self._namespace, plural, json.dumps(body), OURS)

    def _get(self, plural: str, name: str, group: str) -> Manifest | None:
        return self._api.get(self._namespace, plural, name, group)

    def _until(self, true: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, f"not done in {seconds:g} s"
            time.sleep(0.02)
