"""Children that are deleted or edited come back to what is desired."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.children import ADDED, CHILDREN, EDITS, NAME, answers, spec, wait_for_spec
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.store import Store


@pytest.fixture(scope="module")
def served(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    namespace = make_namespace("children")
    apply(cpu_bundle(store, NAME), namespace=namespace)
    wait_ready(NAME, namespace)
    yield namespace
    kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("child", CHILDREN)
def test_deleted_child_comes_back(served: str, child: str) -> None:
    desired = spec(child, served)
    kubectl("delete", child, NAME, namespace=served)
    wait_for_spec(child, served, desired, 20)
    answers(served)


@pytest.mark.parametrize("child", CHILDREN)
def test_orphaned_child_is_taken_back(served: str, child: str) -> None:
    kubectl("patch", child, NAME, "--type=merge", "-p", '{"metadata":{"ownerReferences":[]}}', namespace=served)
    wait_for("its owner", lambda: (get(child, NAME, served) or {})["metadata"].get("ownerReferences"), 20)
    wait_ready(NAME, served)


@pytest.mark.parametrize("child", CHILDREN)
def test_edited_child_is_put_right(served: str, child: str) -> None:
    desired = spec(child, served)
    kubectl("patch", child, NAME, "--type=merge", "-p", json.dumps(EDITS[child]), namespace=served)
    wait_for_spec(child, served, desired, 20)
    answers(served)


@pytest.mark.parametrize("child", CHILDREN)
def test_what_was_added_to_a_child_is_taken_away(served: str, child: str) -> None:
    """A forced server-side apply alone would leave it: it belongs to nobody else's field."""
    desired = spec(child, served)
    kubectl("patch", child, NAME, "--type=json", "-p", json.dumps(ADDED[child]), namespace=served)
    wait_for_spec(child, served, desired, 20)
    answers(served)


def test_deleting_the_bundle_removes_every_child(served: str) -> None:
    """Last of this file: it takes the bundle away."""
    selector = f"modelbundle.dev/bundle={NAME}"
    kinds = ",".join(("configmaps", "services", "deployments", "replicasets", "pods", "endpointslices"))
    assert {child["kind"] for child in list_all(kinds, served, selector)} >= {"ConfigMap", "Service", "Deployment"}
    kubectl("delete", "modelbundle", NAME, namespace=served)
    wait_for("every child to go", lambda: not list_all(kinds, served, selector), 60)
