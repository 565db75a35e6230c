"""What happens to children while the operator is down is put right when it is back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.children import CHILDREN, EDITS, ENV, NAME, answers, spec, wait_for_spec
from tools.testkit.kubectl import apply, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive
OPERATOR = ("scale", "deployment/modelbundle-operator")
OPERATOR_PODS = "app.kubernetes.io/name=modelbundle-operator"


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
        kubectl(*OPERATOR, "--replicas=2", namespace=system)
        kubectl("rollout", "status", "deployment/modelbundle-operator", "--timeout=180s", namespace=system, timeout=190)

    try:
        kubectl(*OPERATOR, "--replicas=0", namespace=system)
        wait_for("the operator to be gone", lambda: not list_all("pods", system, OPERATOR_PODS), 120)
        yield start
    finally:
        start()


def test_operator_that_was_down_meanwhile_puts_all_right(served: str, operator_down: Callable[[], None]) -> None:
    desired = {child: spec(child, served) for child in CHILDREN}
    kubectl("delete", "configmap", NAME, namespace=served)
    kubectl("patch", "service", NAME, "--type=merge", "-p", json.dumps(EDITS["service"]), namespace=served)
    kubectl("patch", "deployment", NAME, "--type=json", "-p", json.dumps(ENV), namespace=served)
    operator_down()
    for child in CHILDREN:
        wait_for_spec(child, served, desired[child], 60)
    answers(served)


def test_children_deleted_while_the_operator_was_down_come_back(served: str, operator_down: Callable[[], None]) -> None:
    desired = {child: spec(child, served) for child in CHILDREN}
    kubectl("delete", ",".join(CHILDREN), "-l", f"modelbundle.dev/bundle={NAME}", namespace=served)
    operator_down()
    for child in CHILDREN:
        wait_for_spec(child, served, desired[child], 60)
    answers(served)
