"""Children that somebody deletes or edits come back to what is desired, with the operator up or down meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from demo.call import from_host
from demo.kubectl import Manifest, apply, explain_bundle, get, kubectl, list_all, wait_for
from demo.store import Store
from tests.cluster.bundles import cpu_bundle, wait_ready

NAME = "healing"
CHILDREN = ("configmap", "service", "deployment")
EDITS = {
    "configmap": {"data": {"bundle.json": '{"schemaVersion":1}'}},
    "service": {"spec": {"selector": {"app": "somebody-elses"}}},
    "deployment": {"spec": {"replicas": 3}},
}
ENV = [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "FOREIGN", "value": "1"}}]
OPERATOR = ("scale", "deployment/modelbundle-operator")


@pytest.fixture(scope="module")
def served(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    namespace = make_namespace("children")
    apply(cpu_bundle(store, NAME), namespace=namespace)
    wait_ready(NAME, namespace)
    yield namespace
    kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def operator_down() -> Iterator[Callable[[], None]]:
    """Stops the operator at once; called, starts it again."""
    system = "modelbundle-system"

    def start() -> None:
        kubectl(*OPERATOR, "--replicas=1", namespace=system)
        kubectl("rollout", "status", "deployment/modelbundle-operator", "--timeout=60s", namespace=system, timeout=70)

    kubectl(*OPERATOR, "--replicas=0", namespace=system)
    wait_for("the operator to be gone", lambda: not list_all("pods", system), 40)
    yield start
    start()


@pytest.mark.parametrize("child", CHILDREN)
def test_deleted_child_comes_back(served: str, child: str) -> None:
    desired = _spec(child, served)
    kubectl("delete", child, NAME, namespace=served)
    _wait_for_spec(child, served, desired, 20)
    _answers(served)


@pytest.mark.parametrize("child", CHILDREN)
def test_orphaned_child_is_taken_back(served: str, child: str) -> None:
    kubectl("patch", child, NAME, "--type=merge", "-p", '{"metadata":{"ownerReferences":[]}}', namespace=served)
    wait_for("its owner", lambda: (get(child, NAME, served) or {})["metadata"].get("ownerReferences"), 20)
    wait_ready(NAME, served)


@pytest.mark.parametrize("child", CHILDREN)
def test_edited_child_is_put_right(served: str, child: str) -> None:
    desired = _spec(child, served)
    kubectl("patch", child, NAME, "--type=merge", "-p", json.dumps(EDITS[child]), namespace=served)
    _wait_for_spec(child, served, desired, 20)
    _answers(served)


def test_added_env_is_taken_away(served: str) -> None:
    """A forced server-side apply alone would leave it: it belongs to nobody else's field."""
    desired = _spec("deployment", served)
    kubectl("patch", "deployment", NAME, "--type=json", "-p", json.dumps(ENV), namespace=served)
    _wait_for_spec("deployment", served, desired, 20)
    _answers(served)


def test_operator_that_was_down_meanwhile_puts_all_right(served: str, operator_down: Callable[[], None]) -> None:
    desired = {child: _spec(child, served) for child in CHILDREN}
    kubectl("delete", "configmap", NAME, namespace=served)
    kubectl("patch", "service", NAME, "--type=merge", "-p", json.dumps(EDITS["service"]), namespace=served)
    kubectl("patch", "deployment", NAME, "--type=json", "-p", json.dumps(ENV), namespace=served)
    operator_down()
    for child in CHILDREN:
        _wait_for_spec(child, served, desired[child], 30)
    _answers(served)


def test_children_deleted_while_the_operator_was_down_come_back(served: str, operator_down: Callable[[], None]) -> None:
    desired = {child: _spec(child, served) for child in CHILDREN}
    kubectl("delete", ",".join(CHILDREN), "-l", f"modelbundle.dev/bundle={NAME}", namespace=served)
    operator_down()
    for child in CHILDREN:
        _wait_for_spec(child, served, desired[child], 30)
    _answers(served)


def test_deleting_the_bundle_removes_every_child(served: str) -> None:
    """Last of this file: it takes the bundle away."""
    selector = f"modelbundle.dev/bundle={NAME}"
    kinds = ",".join(("configmaps", "services", "deployments", "replicasets", "pods", "endpointslices"))
    assert {child["kind"] for child in list_all(kinds, served, selector)} >= {"ConfigMap", "Service", "Deployment"}
    kubectl("delete", "modelbundle", NAME, namespace=served)
    wait_for("every child to go", lambda: not list_all(kinds, served, selector), 60)


def _spec(child: str, namespace: str) -> Manifest:
    """What is desired of a child: its data or spec, without what the API server assigns anew."""
    found = get(child, NAME, namespace)
    assert found is not None
    spec = dict(found.get("spec") or {"data": found.get("data")})
    for assigned in ("clusterIP", "clusterIPs"):
        spec.pop(assigned, None)
    return {"spec": spec, "labels": found["metadata"]["labels"]}


def _wait_for_spec(child: str, namespace: str, desired: Manifest, timeout: float) -> None:
    def look() -> bool:
        found = get(child, NAME, namespace)
        return (
            found is not None and not found["metadata"].get("deletionTimestamp") and _spec(child, namespace) == desired
        )

    wait_for(f"{child} as desired", look, timeout, lambda: explain_bundle(NAME, namespace))


def _answers(namespace: str) -> None:
    wait_ready(NAME, namespace)
    wait_for("the prediction", lambda: from_host(NAME, namespace, {"x": 2, "y": "abc"}, 3).value == 7, 20)
