"""Bundles by Helm and kustomize: what waits for them returns when they serve, and an edit of values loses nothing."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.call import from_host
from tools.testkit.install import helm
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, get, kubectl, wait_for
from tools.testkit.meanwhile import every
from tools.testkit.place import ROOT
from tools.testkit.store import Store

RELEASE = "bundles"
REQUEST = {"x": 2, "y": "abc"}


class Release:
    """A release that holds the entry `sum` and nothing else."""

    def __init__(self, namespace: str, store: Store) -> None:
        self.namespace = namespace
        self._spec = cpu_bundle(store, "sum")["spec"]

    def values(self, mode: str) -> dict[str, Any]:
        bundle = {**self._spec["bundle"], "env": [{"name": "MODE", "value": mode}]}
        entry = {"bundle": bundle, "serving": self._spec["serving"], "endpoint": True}
        return {"operator": {"enabled": False}, "bundles": {"sum": entry}}

    def helm(self, verb: str, mode: str, *more: str) -> str:
        return helm(
            verb, RELEASE, str(ROOT), "-n", self.namespace, "-f", "-", *more, stdin=json.dumps(self.values(mode))
        )

    def bundle(self, mode: str) -> str:
        """What the chart calls the bundle of this mode."""
        documents = yaml.safe_load_all(self.helm("template", mode))
        (name,) = [d["metadata"]["name"] for d in documents if d and d["kind"] == "ModelBundle"]
        return str(name)


@pytest.fixture
def release(operator: object, namespace: str, store: Store) -> Release:
    return Release(namespace, store)


def test_edit_of_values_moves_the_endpoint_and_keeps_what_served(release: Release, show: Callable[[str], None]) -> None:
    namespace = release.namespace
    first, second = release.bundle("first"), release.bundle("second")

    seen: list[tuple[float, str]] = []

    def look() -> None:
        with contextlib.suppress(KubectlError):
            found = get("modelbundle", first, namespace)
            seen.append((time.monotonic(), condition(found, "Ready").get("status", "none")))

    began = time.monotonic()
    with every(0.3, look):
        release.helm("install", "first", "--wait", "--timeout", "300s")
        returned = time.monotonic()
        answer = from_host("sum", namespace, REQUEST)  # at once: a client that waited may call
    assert (answer.status, answer.value) == (200, 7)
    before = [ready for at, ready in seen if at < returned - 1]
    assert before
    assert before[0] != "True", "helm was waiting while the bundle was not Ready"
    show(f"helm install --wait returned after {returned - began:.1f} s, when the bundle's endpoint answered")

    release.helm("upgrade", "second")
    answered = [answer.digest]
    bundle = wait_ready(second, namespace)

    def answers() -> bool:
        answered.append(from_host("sum", namespace, REQUEST).digest)
        return bool(answered[-1] == bundle["status"]["digest"])

    wait_for(
        "the new bundle to answer under the stable name",
        answers,
        180,
    )
    assert set(answered) == {answer.digest, bundle["status"]["digest"]}
    assert condition(get("modelbundle", first, namespace), "Ready")["status"] == "True", "the former one serves on"

    helm("rollback", RELEASE, "-n", namespace)
    assert (get("modelendpoint", "sum", namespace) or {})["spec"]["bundle"] == first
    helm("uninstall", RELEASE, "-n", namespace)
    assert all(get("modelbundle", name, namespace) for name in (first, second))
    assert from_host("sum", namespace, REQUEST).status == 200


def test_helm_wait_ends_at_once_where_waiting_cannot_help(release: Release, show: Callable[[str], None]) -> None:
    """kstatus takes Stalled for failed: no time-out is sat out for a wrong sha256."""
    values = release.values("first")
    values["bundles"]["sum"]["bundle"]["artifact"]["sha256"] = "0" * 64
    began = time.monotonic()
    with pytest.raises(KubectlError) as refused:
        helm("install", RELEASE, str(ROOT), "-n", release.namespace, "-f", "-", "--wait", "--timeout", "300s",
             stdin=json.dumps(values))  # fmt: skip
    took = time.monotonic() - began
    assert "sum-" in str(refused.value)
    assert took < 200
    show(f"helm install --wait of a bundle with a wrong sha256 failed after {took:.1f} s of its 300 s")


@pytest.fixture
def applied_by_kustomize(operator: object, namespace: str, store: Store) -> list[Manifest]:
    """examples/kustomize as kubectl builds it, with an artifact that this cluster's store has."""
    documents = [d for d in yaml.safe_load_all(kubectl("kustomize", str(ROOT / "examples/kustomize"))) if d]
    spec = cpu_bundle(store, "sum")["spec"]
    for document in documents:
        if document["kind"] == "ModelBundle":
            document["spec"] = spec
    apply(*documents, namespace=namespace)
    return documents


def test_kubectl_wait_returns_when_the_bundle_serves(applied_by_kustomize: list[Manifest], namespace: str) -> None:
    names = {document["kind"]: document["metadata"]["name"] for document in applied_by_kustomize}
    kubectl(
        "wait", "--for=condition=Ready", "--timeout=240s", f"modelbundle/{names['ModelBundle']}",
        f"modelendpoint/{names['ModelEndpoint']}", namespace=namespace, timeout=250,
    )  # fmt: skip
    assert from_host(names["ModelBundle"], namespace, REQUEST).value == 7
    assert from_host(names["ModelEndpoint"], namespace, REQUEST).value == 7
