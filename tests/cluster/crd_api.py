"""The API server spoken to directly: five ways to write a ModelBundle, and what each answered.

kubectl's client-side apply computes its patch itself, so it is the real kubectl; the other verbs are one HTTP request
each, sent as they are, because a client library might tidy up the very bytes that a test is about.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client, config

from tests.cluster.raw_api import BUSY, TRIES
from tools.testkit.kubectl import KubectlError, kubectl, wait_established

CRD = Path(__file__).resolve().parents[2] / "crds" / "modelbundles.yaml"
Object = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What the server, or kubectl, said."""

    accepted: bool
    text: str

    @property
    def refused(self) -> bool:
        """Refused for what was in it: not a conflict, a time-out or a missing permission."""
        return not self.accepted and ("is invalid" in self.text or "is immutable" in self.text)


class Server:
    """One namespace of the API server."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        api = client.ApiClient(client.Configuration())
        configuration = client.Configuration()
        config.load_kube_config(client_configuration=configuration)
        api = client.ApiClient(configuration)
        self._http: urllib3.PoolManager = api.rest_client.pool_manager
        self._base = f"{configuration.host}/apis/modelbundle.dev/v1alpha1/namespaces/{namespace}/modelbundles"
        token = configuration.api_key.get("authorization")
        self._headers = {"Authorization": token} if token else {}

    def request(self, method: str, name: str, body: Any = None, kind: str = "application/json", query: str = "") -> Any:
        """The status code and the answer's object; asked again where the API server had no time for it."""
        for _ in range(TRIES):
            response = self._http.request(
                method,
                f"{self._base}{'/' + name if name else ''}?{query}",
                body=None if body is None else json.dumps(body),
                headers={**self._headers, "Content-Type": kind, "Accept": "application/json"},
            )
            if response.status not in BUSY:
                break
            time.sleep(1)
        return response.status, json.loads(response.data)

    def get(self, name: str) -> Object:
        status, found = self.request("GET", name)
        assert status == 200, found
        return found

    def create(self, manifest: Object) -> Answer:
        return self._answer(self.request("POST", "", self._in_namespace(manifest)))

    def delete(self, name: str) -> None:
        self.request("DELETE", name)

    def client_side_apply(self, name: str, manifest: Object) -> Answer:
        try:
            return Answer(True, kubectl("apply", "-f", "-", namespace=self.namespace, stdin=json.dumps(manifest)))
        except KubectlError as error:
            return Answer(False, str(error))

    def merge_patch(self, name: str, manifest: Object) -> Answer:
        patch = merge_difference(self.get(name)["spec"], manifest.get("spec"))
        return self._answer(self.request("PATCH", name, {"spec": patch}, "application/merge-patch+json"))

    def json_patch(self, name: str, manifest: Object) -> Answer:
        operations: list[Object] = [{"op": "remove", "path": "/spec"}]
        if "spec" in manifest:
            operations = [{"op": "replace", "path": "/spec", "value": manifest["spec"]}]
        return self._answer(self.request("PATCH", name, operations, "application/json-patch+json"))

    def server_side_apply(self, name: str, manifest: Object) -> Answer:
        query = "fieldManager=gitops&force=true"
        return self._answer(self.request("PATCH", name, manifest, "application/apply-patch+yaml", query))

    def replace(self, name: str, manifest: Object) -> Answer:
        for _ in range(20):
            version = self.get(name)["metadata"]["resourceVersion"]
            body = self._in_namespace(manifest)
            body["metadata"]["resourceVersion"] = version
            status, answer = self.request("PUT", name, body)
            if status != 409:  # an operator that runs beside the test may write status in between
                break
        return self._answer((status, answer))

    def verbs(self) -> dict[str, Callable[[str, Object], Answer]]:
        return {
            "client-side apply": self.client_side_apply,
            "merge patch": self.merge_patch,
            "JSON patch": self.json_patch,
            "server-side apply": self.server_side_apply,
            "replace": self.replace,
        }

    def _in_namespace(self, manifest: Object) -> Object:
        return {**manifest, "metadata": {**manifest["metadata"], "namespace": self.namespace}}

    @staticmethod
    def _answer(reply: tuple[int, Object]) -> Answer:
        status, answer = reply
        return Answer(status < 300, "" if status < 300 else str(answer.get("message")))


def merge_difference(before: Any, after: Any) -> Any:
    """The RFC 7386 patch that makes `after` of `before`; a null in `after` cannot be said and removes."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return after
    same = {
        key for key in after if key in before and json.dumps(before[key]) == json.dumps(after[key])
    }  # 1 is not True
    changed = {key: merge_difference(before.get(key), after[key]) for key in after if key not in same}
    return changed | {key: None for key in before if key not in after}


@contextmanager
def fresh_namespace(purpose: str) -> Iterator[Server]:
    """A namespace with this checkout's CRD; nothing else is needed to ask what the API server accepts."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(CRD))
    wait_established("modelbundles.modelbundle.dev")
    name = f"test-{purpose}-{os.getpid() % 10000}-{uuid.uuid4().hex[:5]}"
    kubectl("create", "namespace", name)
    kubectl("label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted")
    try:
        yield Server(name)
    finally:
        kubectl("delete", "namespace", name, "--wait=false")
