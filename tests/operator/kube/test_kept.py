"""An object comes back from the cache as it went in, and lies there in a fraction of its text."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.kube.kept import LARGEST_CHILD, body_of, keep, pod_of, reads_alike
from modelbundle_operator.kube.kinds import CHILD_KINDS

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]


async def test_a_child_comes_back_whole_and_lies_there_in_half_of_its_text_at_most() -> None:
    """What is written back is made of it, managedFields and all."""
    world = World(model_bundle())
    await world.look()
    for kind in CHILD_KINDS:
        body = world.cluster.objects[kind, *KEY.place]
        kept = keep(kind, body)
        assert body_of(kept) == body
        assert isinstance(kept.body, bytes)
        assert 2 * len(kept.body) <= len(json.dumps(body)), kind


def test_a_bundle_comes_back_without_managed_fields() -> None:
    spec = {"bundle": {"appConfig": {"a": [[], {}, "é", "\ud800", 1.5, None]}}, "serving": {}}
    body = model_bundle() | {"spec": spec}
    body["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    found = body_of(keep("ModelBundle", body))
    assert found is not None
    assert found["spec"] == spec
    assert "managedFields" not in found["metadata"]


def test_ready_is_known_without_a_look_at_the_object() -> None:
    said = {"conditions": [{"type": "Available", "reason": "No"}, {"type": "Ready", "reason": "Stored"}]}
    assert keep("ModelBundle", model_bundle() | {"status": said}).ready == "Stored"
    assert keep("ModelBundle", model_bundle()).ready == "Unknown"


def test_of_a_pod_what_is_observed_is_kept() -> None:
    pod = serving_pod()
    assert pod_of(keep("Pod", pod)) == observe_pod(pod)


def entry(manager: str, **more: Any) -> Body:
    return {"manager": manager, "operation": "Update", "time": "2026-01-01T12:00:00Z", "fieldsV1": {}, **more}


def child(kind: str = "Deployment") -> Body:
    entries = [entry("modelbundle-operator"), entry("kube-controller-manager", subresource="status")]
    metadata: Body = {"name": "llama", "namespace": "models", "uid": "u", "generation": 2, "managedFields": entries}
    condition = {"type": "Available", "status": "False"}
    status = {"observedGeneration": 2, "updatedReplicas": 1, "conditions": [condition]}
    return {"kind": kind, "metadata": {**metadata, "labels": {"a": "b"}}, "spec": {"replicas": 1}, "status": status}


def refused(body: Body) -> None:
    body["status"]["conditions"].append({"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"})


Change = Callable[[Body], Any]
# what becomes of a Deployment, whether a look reads it, and whether it would of a PodDisruptionBudget
CHANGES: list[tuple[str, Change, bool, bool]] = [
    ("its version", lambda body: body["metadata"].update(resourceVersion="7"), False, False),
    ("who wrote its status", lambda body: body["metadata"]["managedFields"].pop(), False, False),
    ("when it was written", lambda body: body["metadata"]["managedFields"][0].update(time="later"), False, False),
    ("Kubernetes' note", lambda body: body["metadata"].update(
        annotations={"deployment.kubernetes.io/revision": "1"}), False, False),
    ("available pods", lambda body: body["status"].update(availableReplicas=1), False, False),
    ("another condition", lambda body: body["status"]["conditions"][0].update(status="True"), False, False),
    ("updated pods", lambda body: body["status"].update(updatedReplicas=2), True, False),
    ("a spec that is observed", lambda body: body["status"].update(observedGeneration=1), True, False),
    ("refused pods", refused, True, False),
    ("its spec", lambda body: body["spec"].update(replicas=2), True, True),
    ("its generation", lambda body: body["metadata"].update(generation=3), True, True),
    ("a label", lambda body: body["metadata"]["labels"].update(a="c"), True, True),
    ("an annotation", lambda body: body["metadata"].update(annotations={"note": "1"}), True, True),
    ("its owner", lambda body: body["metadata"].update(ownerReferences=[{"uid": "o"}]), True, True),
    ("its end", lambda body: body["metadata"].update(deletionTimestamp="2026-01-01T12:00:00Z"), True, True),
    ("who owns its fields", lambda body: body["metadata"]["managedFields"].append(entry("kubectl")), True, True),
    ("a successor", lambda body: body["metadata"].update(uid="v"), True, True),
]  # fmt: skip


@pytest.mark.parametrize(("what", "change", "of_deployment", "of_budget"), CHANGES, ids=[row[0] for row in CHANGES])
def test_a_child_reads_alike_unless_a_look_reads_what_changed(
    what: str, change: Change, of_deployment: bool, of_budget: bool
) -> None:
    for kind, read in (("Deployment", of_deployment), ("PodDisruptionBudget", of_budget)):
        before = child(kind)
        after = copy.deepcopy(before)
        change(after)
        assert reads_alike(keep(kind, before), keep(kind, after)) is not read, what


def test_a_pod_reads_alike_unless_what_is_observed_of_it_changes() -> None:
    before = serving_pod()
    after = copy.deepcopy(before) | {"metadata": {**before["metadata"], "resourceVersion": "9"}}
    after["status"]["podIP"] = "10.0.0.1"
    assert reads_alike(keep("Pod", before), keep("Pod", after))
    after["status"]["conditions"][1]["status"] = "False"
    assert not reads_alike(keep("Pod", before), keep("Pod", after))


@pytest.mark.parametrize(
    ("kind", "body"), [("ModelBundle", model_bundle()), ("ConfigMap", child() | {"data": {"x": "x" * LARGEST_CHILD}})]
)
def test_what_is_ours_or_is_not_kept_is_looked_at_after_each_event(kind: str, body: Body) -> None:
    assert not reads_alike(keep(kind, body), keep(kind, body))
