"""What is said of pods that wait for something that their author asked for."""

from __future__ import annotations

from typing import Any

from modelbundle_operator.judge.conditions import judge

from tests.operator.judge.test_conditions import seen
from tools.testkit.cluster_objects import pod, serving_pod

GATED = {"status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling"}


def gated(name: str = "llama-1") -> dict[str, Any]:
    body = pod(name)
    body["status"]["conditions"][0] |= GATED
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
