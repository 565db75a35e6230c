"""Undoing a foreign edit on the API server at hand: forced apply, then a PUT without what only others own.

No operator is needed: the objects are applied and restored here as the operator does it. They are in a namespace of
their own, belong to no ModelBundle, and select nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from modelbundle_operator.api.differs import differs
from modelbundle_operator.api.names import FIELD_MANAGER, parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.reconcile.drift import foreign_fields, without_foreign
from modelbundle_operator.render import Plan, desired
from modelbundle_operator.settings import Settings

from tests.cluster.crd_api import Object, fresh_namespace
from tools.testkit.kubectl import KubectlError, get, kubectl
from tools.testkit.model_bundles import model_bundle

pytestmark = pytest.mark.cluster
NAME = "drifting"


@pytest.fixture(scope="module")
def namespace() -> Iterator[str]:
    with fresh_namespace("crd-drift") as server:
        yield server.namespace


def plan(namespace: str) -> Plan:
    """Children without an owner and without the label that an operator would watch."""
    obj = model_bundle(NAME, {"replicas": 0, "resources": {"cpu": "1000m", "memory": "1024Mi"}}, requirements=["numpy"])
    obj["metadata"] = {"name": NAME, "namespace": namespace, "uid": "none"}
    bundle = parse(obj)
    result = desired(bundle, resolve(bundle), Settings(), None)
    for child in (result.config_map, result.service, result.deployment):
        del child["metadata"]["ownerReferences"], child["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    return result


def ours(namespace: str, child: Object) -> None:
    words = ("apply", "--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}", "-f", "-")
    kubectl(*words, namespace=namespace, stdin=json.dumps(child))


def live(namespace: str, child: Object) -> Object:
    return json.loads(kubectl("get", child["kind"], NAME, "-o", "json", "--show-managed-fields", namespace=namespace))


def restore(namespace: str, child: Object) -> Object:
    """As the operator does; the Deployment controller may write status in between."""
    for _ in range(10):
        ours(namespace, child)
        clean = json.dumps(without_foreign(live(namespace, child)))
        try:
            kubectl("replace", f"--field-manager={FIELD_MANAGER}", "-f", "-", namespace=namespace, stdin=clean)
        except KubectlError as error:
            if "the object has been modified" not in str(error):
                raise
            time.sleep(0.3)
        else:
            break
    return live(namespace, child)


def json_patch(*operations: tuple[str, str, Any]) -> Callable[[str, str], None]:
    body = json.dumps([{"op": op, "path": path, "value": value} for op, path, value in operations])
    return lambda namespace, kind: print(kubectl("patch", kind, NAME, "--type=json", "-p", body, namespace=namespace))


def command(*words: str) -> Callable[[str, str], None]:
    return lambda namespace, kind: print(kubectl(*words, f"{kind}/{NAME}", namespace=namespace))


def other_apply(spec: Object) -> Callable[[str, str], None]:
    def edit(namespace: str, kind: str) -> None:
        body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": NAME}, "spec": spec}
        kubectl(
            "apply", "--server-side", "--field-manager=other", "-f", "-", namespace=namespace, stdin=json.dumps(body)
        )

    return edit


POD = "/spec/template/spec"
AFFINITY = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
EDITS = [
    ("deployment", "an added variable", lambda n, k: kubectl("set", "env", f"{k}/{NAME}", "FOREIGN=1", namespace=n)),
    ("deployment", "a changed variable", lambda n, k: kubectl("set", "env", f"{k}/{NAME}", "HOME=/x", namespace=n)),
    ("deployment", "a changed image", json_patch(("replace", f"{POD}/containers/0/image", "other"))),
    ("deployment", "an added container", json_patch(("add", f"{POD}/containers/-", {"name": "spy", "image": "spy"}))),
    ("deployment", "a first container", json_patch(("add", f"{POD}/containers/0", {"name": "spy", "image": "spy"}))),
    ("deployment", "added arguments", json_patch(("add", f"{POD}/containers/0/args", ["x"]))),
    ("deployment", "an added volume", json_patch(("add", f"{POD}/volumes/-", {"name": "x", "emptyDir": {}}))),
    ("deployment", "the host's network", json_patch(("add", f"{POD}/hostNetwork", True))),
    ("deployment", "affinity", json_patch(("add", f"{POD}/affinity", AFFINITY))),
    ("deployment", "a service account", json_patch(("add", f"{POD}/serviceAccountName", "default"))),
    ("deployment", "paused", json_patch(("add", "/spec/paused", True))),
    ("deployment", "more replicas", command("scale", "--replicas=0", "--current-replicas=0")),
    ("deployment", "rollout restart", command("rollout", "restart")),
    (
        "deployment",
        "a server-side apply by others",
        other_apply(
            {"template": {"spec": {"containers": [{"name": "worker", "env": [{"name": "SSA", "value": "1"}]}]}}}
        ),
    ),
    ("service", "an added port", json_patch(("add", "/spec/ports/-", {"name": "spy", "port": 99}))),
    ("service", "a wider selector", json_patch(("replace", "/spec/selector", {"other": "x"}))),
    ("service", "sessions", json_patch(("replace", "/spec/sessionAffinity", "ClientIP"))),
    ("configmap", "another document", json_patch(("replace", "/data/bundle.json", "{}"))),
    ("configmap", "an added key", json_patch(("add", "/data/extra", "1"))),
]
# what is gone in the PUT has a default, so the PUT is what sets it, and owns it from then on: the last of its kind
DEFAULTED = ("sessions",)


@pytest.mark.parametrize(("kind", "why", "edit"), EDITS, ids=[why.replace(" ", "-") for _, why, _ in EDITS])
def test_a_foreign_edit_is_undone(namespace: str, kind: str, why: str, edit: Callable[[str, str], None]) -> None:
    result = plan(namespace)
    child = {"deployment": result.deployment, "service": result.service, "configmap": result.config_map}[kind]
    ours(namespace, child)
    before = live(namespace, child)
    assert not differs(before, child)
    assert not foreign_fields(before)
    edit(namespace, kind)
    after = restore(namespace, child)
    assert not differs(after, child)
    assert not foreign_fields(after)
    for part in ("spec", "data"):
        assert after.get(part) == before.get(part)
    writers = [entry for entry in after["metadata"]["managedFields"] if entry["manager"] == FIELD_MANAGER]
    expected = ["Apply", "Update"] if why in DEFAULTED else ["Apply"]
    assert [entry["operation"] for entry in writers] == expected, "the PUT must leave us no second ownership"
    generation = after["metadata"].get("generation")
    ours(namespace, child)
    found = get(kind, NAME, namespace)
    assert found is not None
    assert found["metadata"].get("generation") == generation, "nothing is left to do"
