"""What a tenant writes where the operator reads: notes on its children, managedFields, a pod with our labels. Nothing
of it changes a pod, or what is said."""

from __future__ import annotations

import json
from typing import Any

from tests.cluster.bundles import SMALL, cpu_bundle, wait_condition, wait_ready
from tests.cluster.hostile import attacks
from tools.testkit.kubectl import apply, condition, get, kubectl, wait_for
from tools.testkit.store import Store

NAME = "noted"


def _annotate(kind: str, name: str, namespace: str, **notes: str) -> None:
    named = {f"modelbundle.dev/{key.replace('_', '-')}": text for key, text in notes.items()}
    patch = json.dumps({"metadata": {"annotations": named}})
    kubectl("patch", kind, name, "--type=merge", "-p", patch, namespace=namespace)


def _deployment(namespace: str) -> dict[str, Any]:
    found = get("deployment", NAME, namespace)
    assert found is not None
    return found


def test_notes_that_others_write_are_not_believed(operator: object, namespace: str, store: Store) -> None:
    endpoint = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": {"name": "door"}}
    apply(cpu_bundle(store, NAME), {**endpoint, "spec": {"bundle": NAME}}, namespace=namespace)
    apply(*(json.loads(text) for each in attacks(all_of_them=False) if each.name == "idle-for-ever"
            for text in each.manifests), namespace=namespace)  # fmt: skip
    wait_ready(NAME, namespace)
    wait_for("the endpoint", lambda: _endpoint(namespace) == ("True", "Serving"), 60)
    before = _deployment(namespace)
    note = before["metadata"]["annotations"]["modelbundle.dev/template"]

    forever = "9999-12-31T23:59:59Z"
    _annotate("service", "door", namespace, moved_at=forever, moved_from="b", moved_idle_seconds="9" * 30,
              moved_until=forever)  # fmt: skip
    other = json.loads(note)
    other["spec"]["containers"][0]["image"] = "docker.io/somebody/else:1"
    for text in ("[" * 100_000, '{"a":[]}', json.dumps(other)):
        _annotate("deployment", NAME, namespace, template=text)
        wait_for("the note to be ours", lambda: _note(namespace) == note, 60)
    reset = [
        {"op": "add", "path": "/spec/paused", "value": True},
        {"op": "add", "path": "/spec/template/spec/hostname", "value": "other"},
        {"op": "replace", "path": "/metadata/managedFields", "value": [{}]},
    ]
    kubectl("patch", "deployment", NAME, "--type=json", "-p", json.dumps(reset), namespace=namespace)
    wait_for("the edit to be undone", lambda: _deployment(namespace)["spec"] == before["spec"], 60)
    assert condition(wait_ready(NAME, namespace), "Ready")["reason"] == "Serving"
    wait_for("the endpoint", lambda: _endpoint(namespace)[0] == "True", 10)


def test_what_cannot_be_changed_any_more_is_to_be_deleted(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, NAME, serving={"resources": SMALL}), namespace=namespace)
    wait_ready(NAME, namespace)
    kubectl("patch", "configmap", NAME, "--type=merge", "-p", '{"immutable":true,"data":{"bundle.json":"{}"}}',
            namespace=namespace)  # fmt: skip
    said = wait_condition(NAME, namespace, "Ready", "False", "ApplyRefused")
    assert 'delete the ConfigMap "noted", and the operator makes it anew' in condition(said, "Ready")["message"]
    kubectl("delete", "configmap", NAME, namespace=namespace)
    wait_ready(NAME, namespace)


def _note(namespace: str) -> str:
    return str(_deployment(namespace)["metadata"]["annotations"].get("modelbundle.dev/template"))


def _endpoint(namespace: str) -> tuple[str, str]:
    found = condition(get("modelendpoint", "door", namespace) or {}, "Ready")
    return str(found.get("status")), str(found.get("reason"))
