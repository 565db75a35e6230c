"""`modelbundle ui` against a real API server: the watch, a bundle's parts, its log, a prediction, a scale, a move."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.bundles import REQUEST, cpu_bundle, wait_condition, wait_ready
from tools.testkit.kubectl import Manifest, apply, get
from tools.testkit.store import Store


class Page:
    """What the browser would ask of the command."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        command = [sys.executable, "-m", "launch.cli", "ui", "--no-open", "--allow-write", "-n", namespace]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._url, _, self._token = self._process.stdout.readline().strip().partition("#token=")
        assert self._token, self._process.communicate()[1]

    def ask(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps({"namespace": self.namespace, **body}).encode()
        with self._open(f"{path}namespace={self.namespace}&" if body is None else path, data) as answer:
            return json.load(answer)

    def changes(self) -> Iterator[Any]:
        with self._open("stream", None) as answer:
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])

    def until(self, plural: str, name: str, **fields: Any) -> None:
        """A row of this name has these fields."""
        for change in self.changes():
            row = change.get("row", {})
            if change.get("plural") == plural and row.get("name") == name and fields.items() <= row.items():
                return
        raise AssertionError(f"the stream ended before {plural} {name} had {fields}")

    def _open(self, path: str, data: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        return urllib.request.urlopen(urllib.request.Request(f"{self._url}api/{path}", data, headers), timeout=60)

    def end(self) -> None:
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=30)
        assert (self._process.returncode, said.splitlines()[-1]) == (0, "stopped"), said


@pytest.fixture
def page(operator: object, namespace: str) -> Iterator[Page]:
    found = Page(namespace)
    yield found
    found.end()


def endpoint(name: str, bundle: str) -> Manifest:
    metadata = {"name": name}
    return {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": metadata,
            "spec": {"bundle": bundle}}  # fmt: skip


def test_what_happens_in_a_cluster_is_on_the_page(page: Page, namespace: str, store: Store) -> None:
    apply(
        cpu_bundle(store, "v1", serving={"replicas": 0}, requestSchema=REQUEST, responseSchema={"type": "integer"}),
        namespace=namespace,
    )
    page.until("modelbundles", "v1", health="Stored")
    page.ask("scale", {"name": "v1", "replicas": 1})
    page.until("modelbundles", "v1", health="Ready", readyReplicas=1)
    asked = page.ask("bundle?name=v1&")
    assert asked["errors"] == {}
    assert {child["plural"] for child in asked["children"]} == {"deployments", "services", "configmaps"}
    assert "Ready=True" in {entry["type"] for entry in asked["history"]}
    (pod,) = asked["pods"]
    assert [part["name"] for part in pod["containers"]][-2:] == ["worker", "server"]
    assert "text" in page.ask(f"log?pod={pod['name']}&container=server&")
    assert [field["name"] for field in page.ask("form?name=v1&")["fields"]] == ["x", "y"]
    found = page.ask("predict", {"service": "v1", "request": '{"x": 2, "y": "abc"}'})
    assert (found["status"], found["text"]) == (200, "7")

    clone = {"cloneFrom": {"name": "v1"}, "appConfig": {"mode": "loud"}}
    made = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelBundle", "metadata": {"name": "v2"}}
    apply({**made, "spec": {"bundle": clone, "serving": {"replicas": 0}}}, namespace=namespace)
    wait_condition("v2", namespace, "Resolved", "True")
    members = page.ask("family?name=v1&")["members"]
    assert [(member["name"], member["parent"]) for member in members] == [("v1", None), ("v2", 0)]
    assert [change["path"] for change in members[1]["changed"]] == ["appConfig"]

    apply(endpoint("spam", "v1"), namespace=namespace)
    page.until("modelendpoints", "spam", active="v1", health="Ready")
    page.ask("move", {"name": "spam", "bundle": "v2"})
    page.until("modelendpoints", "spam", bundle="v2", active="v1")
    page.ask("move", {"name": "spam", "bundle": "v1"})
    page.until("modelendpoints", "spam", bundle="v1", active="v1", health="Ready")
    wait_ready("v1", namespace)
    version = (get("mbun", "v1", namespace) or {})["metadata"]["resourceVersion"]
    page.ask("bundle?name=v1&")
    assert (get("mbun", "v1", namespace) or {})["metadata"]["resourceVersion"] == version, "to look changes nothing"


def test_what_the_api_server_refuses_is_said_with_its_words(page: Page) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        page.ask("move", {"name": "nothing", "bundle": "v1"})
    with refused.value as answer:
        assert answer.code == 404
        assert "nothing" in json.load(answer)["error"]["message"]
