"""Children that are deleted or edited come back to what is desired."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.children import ADDED, CHILDREN, EDITS, NAME, UNFIT, answers, spec, wait_for_spec
from tools.testkit.call import CLIENT, start_client
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.store import Store


@pytest.fixture(scope="module")
def served(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    namespace = make_namespace("children")
    start_client(namespace)
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


@pytest.mark.parametrize("child", UNFIT)
def test_what_cannot_stand_beside_what_is_wanted_is_taken_away(served: str, child: str) -> None:
    """An apply, which adds to what is there, would be refused as long as it is."""
    desired = spec(child, served)
    verb, *words = UNFIT[child]
    place = [words.pop(0), child, NAME] if verb == "set" else [child, NAME]
    kubectl(verb, *place, *words, namespace=served)
    wait_for_spec(child, served, desired, 20)
    answers(served)


def test_a_restart_of_the_deployment_is_answered_with_the_way(served: str) -> None:
    desired = spec("deployment", served)
    kubectl("rollout", "restart", f"deployment/{NAME}", namespace=served)
    wait_for_spec("deployment", served, desired, 20)

    def told() -> list[str]:
        found = [event["message"] for event in list_all("events", served) if event["reason"] == "EditUndone"]
        return [words for words in found if "by kubectl-rollout was undone" in words]

    (words,) = wait_for("the event", told, 20)
    assert f"kubectl patch mbun {NAME}" in words
    answers(served)


def test_what_is_not_the_operators_stays_on_its_children(served: str) -> None:
    """Labels and annotations are where meshes, queues and backups write, and a Service's families are the cluster's."""
    theirs = {"service": "istio.io/use-waypoint=w", "deployment": "kueue.x-k8s.io/queue-name=q", "configmap": "team=a"}
    for child, pair in theirs.items():
        kubectl("label", child, NAME, pair, namespace=served)
        kubectl("annotate", child, NAME, pair, namespace=served)
    dual = '{"spec":{"ipFamilyPolicy":"PreferDualStack","sessionAffinity":"ClientIP"}}'
    kubectl("patch", "service", NAME, "--type=merge", "-p", dual, namespace=served)
    wait_for("an edit to be undone", lambda: _service(served)["sessionAffinity"] == "None", 20)
    assert _service(served)["ipFamilyPolicy"] == "PreferDualStack"
    for child, pair in theirs.items():
        name, _, value = pair.partition("=")
        metadata = (get(child, NAME, served) or {})["metadata"]
        assert (metadata["labels"][name], metadata["annotations"][name]) == (value, value), child
    answers(served)


def _service(namespace: str) -> Manifest:
    found: Manifest = (get("service", NAME, namespace) or {})["spec"]
    return found


def test_a_ready_pod_that_only_carries_the_labels_is_not_counted(served: str) -> None:
    """By its owner it is none of the Deployment's. The Service finds it, as it selects by labels alone."""
    mine = f"modelbundle.dev/bundle={NAME}"
    wait_for("the pods of former templates to go", lambda: len(list_all("pods", served, mine)) == 1, 60)
    (pod,) = list_all("pods", served, mine)
    ours = {key: value for key, value in pod["metadata"]["labels"].items() if key != "pod-template-hash"}
    kubectl("label", "pod", CLIENT, *(f"{key}={value}" for key, value in ours.items()), namespace=served)
    try:
        kubectl("scale", "mbun", NAME, "--replicas=0", namespace=served)
        wait_condition(NAME, served, "Ready", "True", "Stored")
        wait_for("its own pod to go", lambda: len(list_all("pods", served, mine)) == 1, 60)
        counted = wait_for("its pods to be counted", lambda: status(served).get("replicas") == 0 and status(served), 60)
        assert counted["readyReplicas"] == 0
    finally:
        kubectl("label", "pod", CLIENT, *(f"{key}-" for key in ours), namespace=served)


def status(namespace: str) -> Manifest:
    found: Manifest = (get("mbun", NAME, namespace) or {})["status"]
    return found


def test_deleting_the_bundle_removes_every_child(served: str) -> None:
    """Last of this file: it takes the bundle away."""
    selector = f"modelbundle.dev/bundle={NAME}"
    kinds = ",".join(("configmaps", "services", "deployments", "replicasets", "pods", "endpointslices"))
    assert {child["kind"] for child in list_all(kinds, served, selector)} >= {"ConfigMap", "Service", "Deployment"}
    kubectl("delete", "modelbundle", NAME, namespace=served)
    wait_for("every child to go", lambda: not list_all(kinds, served, selector), 60)
