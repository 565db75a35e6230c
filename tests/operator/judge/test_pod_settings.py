"""What is said of pods that wait for something that their author asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.observation import that_were_evicted

from tests.operator.judge.test_conditions import seen
from tools.testkit.cluster_objects import DIGEST, completed, pod, running, serving_pod, waiting

GATED = {"status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling"}


def gated(name: str = "llama-1") -> dict[str, Any]:
    body = pod(name)
    body["status"]["conditions"][0] |= GATED
    return body


def evicted(message: str, template: str = "t1") -> dict[str, Any]:
    body = pod("llama-0", template=template)
    body["status"] = {"phase": "Failed", "reason": "Evicted", "message": message}
    return body


def ready(*pods: dict[str, Any], **more: Any) -> tuple[str, str, str]:
    found = judge(seen(*pods, **more)).conditions[0]
    return found.status, str(found.reason), found.message


def test_a_pod_that_a_queue_holds_back_is_no_lack_of_nodes() -> None:
    status, reason, message = ready(gated())
    assert (status, reason) == ("Unknown", "Progressing")
    assert "scheduling gate" in message
    assert "Kueue" in message


def test_one_of_two_that_a_queue_holds_back_serves() -> None:
    judgement = judge(seen(serving_pod("a"), gated("b"), replicas=2))
    assert [c.status for c in judgement.conditions if c.type == "Ready"] == ["True"]
    assert ["scheduling gate" in c.message for c in judgement.conditions if c.type == "Reconciling"] == [True]


def unnoticed(scheduler: str = "volcano", name: str = "llama-1", **spec: str) -> dict[str, Any]:
    """As the API server has it until a scheduler says a word."""
    body = pod(name)
    body["spec"] |= {"schedulerName": scheduler, **spec}
    body["status"]["conditions"] = []
    return body


NOBODY_LOOKS = "no scheduler has looked at the pod: see whether"


@pytest.mark.parametrize(
    ("body", "serving", "now", "says"),
    [
        (unnoticed(), {"schedulerName": "volcano"}, 15, f"{NOBODY_LOOKS} volcano runs, which spec.serving.schedulerN"),
        (unnoticed(), {"schedulerName": "volcano"}, 14, "waiting for a node"),
        # of a template before, or by a webhook
        (unnoticed("yunikorn"), {}, 15, f"{NOBODY_LOOKS} yunikorn runs, which its schedulerName names"),
        (unnoticed("default-scheduler"), {}, 15, f"{NOBODY_LOOKS} default-scheduler runs, which its schedulerName"),
        (unnoticed(nodeName="a"), {"schedulerName": "volcano"}, 15, "waiting for a node"),
        (gated(), {"schedulerName": "volcano"}, 15, "a scheduling gate holds the pod back"),
    ],
    ids=["after a while", "not at once", "another than asked for", "the cluster's own", "it has a node", "it is held"],
)
def test_a_pod_that_no_scheduler_looks_at(body: dict[str, Any], serving: dict[str, Any], now: float, says: str) -> None:
    status, reason, message = ready(body, serving=serving, now=now)
    assert (status, reason) == ("Unknown", "Progressing")
    assert message.startswith(f"0 of 1 pod answers: {says}")


def test_one_of_two_that_no_scheduler_looks_at_serves_and_says_so() -> None:
    judgement = judge(seen(serving_pod("a"), unnoticed(name="b"), replicas=2, now=60))
    assert [c.status for c in judgement.conditions if c.type == "Ready"] == ["True"]
    assert [NOBODY_LOOKS in c.message for c in judgement.conditions if c.type == "Reconciling"] == [True]


def test_that_nobody_looks_at_a_pod_is_noticed_without_an_event() -> None:
    """There is none where no scheduler runs."""
    assert judge(seen(unnoticed(), now=5)).requeue_after == 11
    assert judge(seen(unnoticed(), now=20)).requeue_after is None
    assert judge(seen(pod(), now=5)).requeue_after is None


VOLUMES = {
    "volumes": [
        {"name": "weights", "mountPath": "/models", "persistentVolumeClaim": {"claimName": "w"}},
        {"name": "cert", "mountPath": "/etc/cert", "secret": {"secretName": "s"}},
    ]
}


def test_a_pod_on_its_node_may_lack_a_volume() -> None:
    assert "(weights, cert)" in ready(pod(), serving=VOLUMES)[2]
    assert "serving.volumes" in ready(pod(prepare=waiting("PodInitializing")), serving=VOLUMES)[2]
    assert "serving.volumes" not in ready(pod())[2]
    assert "serving.volumes" not in ready(pod(prepare=running(2)), serving=VOLUMES)[2]
    assert "serving.volumes" not in ready(pod(prepare=completed(), server=running(3)), serving=VOLUMES)[2]


@pytest.mark.parametrize(
    "words",
    ['0/1 nodes are available: persistentvolumeclaim "w" not found.', "1 node(s) had volume node affinity conflict."],
)
def test_a_claim_that_keeps_nodes_from_taking_the_pod_is_named(words: str) -> None:
    status, reason, message = ready(pod(unschedulable=words), serving=VOLUMES, now=1)
    assert (status, reason) == ("False", "WaitingForCapacity")
    assert "See to the claims that spec.serving.volumes names, or a pvc:// address of the artifact." in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("1 node(s) didn't match pod anti-affinity rules.", True),
        ("1 node(s) didn't match pod topology spread constraints.", True),
        ("1 node(s) didn't match Pod's node affinity/selector.", False),
    ],
)
def test_pods_that_keep_one_another_away_are_told_apart_from_a_selector(words: str, said: bool) -> None:
    _, reason, message = ready(pod(unschedulable=words), now=1)
    assert reason == "WaitingForCapacity"
    assert ("Loosen spec.serving.affinity or topologySpread." in message) is said


def test_a_pod_that_was_evicted_for_its_size_says_which_setting() -> None:
    gone = evicted('Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". ')
    observed = seen(gone, pod())
    assert [each.name for each in observed.pods] == ["llama-1"], "what is over does not count"
    known = replace(observed, evicted=that_were_evicted(map(observe_pod, [gone, pod()]), DIGEST))
    message = judge(known).conditions[0].message
    assert "exceeds the limit" in message
    assert "serving.sizeLimits" in message
    other = replace(known, evicted=that_were_evicted([observe_pod(evicted("x", template="t0"))], DIGEST))
    assert "evicted" not in judge(other).conditions[0].message, "a template that is no more"


def on_a_node_that_is_silent(name: str = "llama-1") -> dict[str, Any]:
    """As the node controller leaves it: all is as the kubelet last said it, but one."""
    body = serving_pod(name)
    (is_ready,) = (each for each in body["status"]["conditions"] if each["type"] == "Ready")
    is_ready["status"] = "False"
    body["status"]["conditions"].append({"type": "ContainersReady", "status": "True"})
    body["spec"]["nodeName"] = "gpu-7"
    return body


def test_a_node_that_does_not_answer_is_named() -> None:
    message = ready(on_a_node_that_is_silent())[2]
    assert message.startswith("0 of 1 pod answers: node gpu-7 does not answer the API server (`kubectl get nodes`)")
    judgement = judge(seen(serving_pod("a"), on_a_node_that_is_silent("b"), replicas=2))
    assert ["node gpu-7" in c.message for c in judgement.conditions if c.type == "Reconciling"] == [True]


def test_a_pod_that_a_readiness_gate_keeps_back_is_on_no_silent_node() -> None:
    body = on_a_node_that_is_silent()
    body["spec"]["readinessGates"] = [{"conditionType": "target-health.example.com"}]
    assert "gpu-7" not in ready(body)[2]
