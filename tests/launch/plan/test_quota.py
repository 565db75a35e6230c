"""Whether a namespace's quotas admit the pods of a bundle."""

from __future__ import annotations

from typing import Any

import pytest

from launch.doctor.facts import Unknown
from launch.plan.quota import quota
from tests.launch.plan.world import SERVING, facts, placed


def of(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "team"}, "spec": {"hard": hard, **spec}, "status": {"hard": hard, "used": used or {}}}


@pytest.mark.parametrize(
    ("quotas", "answer", "says"),
    [
        ([], "yes", "there is none that counts every pod"),
        ([of({"pods": "0"}, scopes=["BestEffort"])], "yes", "there is none that counts every pod"),
        ([of({"requests.nvidia.com/gpu": "2", "requests.cpu": "1"})], "yes", "there is room in team"),
        ([of({"limits.cpu": "2"})], "yes", "there is room in team; not looked at: limits.cpu"),
        ([of({"requests.nvidia.com/gpu": "2"}, {"requests.nvidia.com/gpu": "2"})], "no",
         "team: requests.nvidia.com/gpu 2 of 2 is used, 1 needed"),
        ([of({"memory": "1Gi"}, {"memory": "512Mi"})], "no", "team: memory 512Mi of 1Gi is used, 640Mi needed"),
        ([of({"requests.cpu": "200m"})], "no", "team: requests.cpu 0 of 200m is used, 0.3 needed"),
        ([of({"count/pods": "3"}, {"count/pods": "3"})], "no", "team: count/pods 3 of 3 is used, 1 needed"),
        (Unknown("you may not list resourcequotas"), "unknown", "not looked at: you may not list resourcequotas"),
    ],
)  # fmt: skip
def test_what_it_admits(quotas: Any, answer: str, says: str) -> None:
    found = quota(facts(quotas=quotas))
    assert (found.answer, found.says) == (answer, says)


def test_each_pod_that_is_missing_counts() -> None:
    two, full = {**SERVING, "replicas": 2}, of({"requests.nvidia.com/gpu": "1"})
    assert quota(facts(serving=two, quotas=[full])).says.endswith("2 needed")
    assert quota(facts(serving=two, quotas=[full], own_pods=[placed()])).answer == "yes"
    assert quota(facts(quotas=[of({"pods": "0"})], own_pods=[placed()])).says == "its pods are counted already"
