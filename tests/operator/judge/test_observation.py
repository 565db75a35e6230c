"""Whether all that was asked for runs: by the pods where there is one template, else by the Deployment's count too."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.judge.bodies import observe_rollout
from modelbundle_operator.judge.observation import Observation

from tests.operator.judge.test_conditions import seen
from tools.testkit.cluster_objects import at, pod, serving_pod

Body = dict[str, Any]

OBSERVED = {"observedGeneration": 1, "updatedReplicas": 1}


def observed(*pods: Body, generation: int = 1, created: float = 10, **status: Any) -> Observation:
    metadata = {"generation": generation, "creationTimestamp": at(created)}
    deployment = {"metadata": metadata, "spec": {}, "status": status}
    return seen(*pods, rollout=observe_rollout(deployment), replicas=max(len(pods), 1))


def test_the_first_pods_of_a_deployment_are_all_it_has_whatever_it_has_counted_so_far() -> None:
    assert observed(serving_pod(created=10)).complete
    assert observed(serving_pod("a", created=10), serving_pod("b", created=11)).complete
    assert not observed(serving_pod("a", created=10), pod("b", created=11)).complete
    assert not observed().complete


def test_pods_that_are_older_than_their_deployment_count_by_its_own_word() -> None:
    """A Deployment that was deleted alone is made again, and the pods of the first one may be there for a while."""
    assert not observed(serving_pod(created=9)).complete
    assert observed(serving_pod(created=9), **OBSERVED).complete


@pytest.mark.parametrize(
    ("status", "complete"),
    [
        ({}, False),
        (OBSERVED, False),
        ({"observedGeneration": 2}, False),
        ({"observedGeneration": 2, "updatedReplicas": 1}, True),
    ],
)
def test_after_a_change_the_deployment_says_whether_its_pods_are_of_the_new_template(
    status: Body, complete: bool
) -> None:
    assert observed(serving_pod(created=10), generation=2, **status).complete is complete


def test_of_pods_of_two_templates_a_deployment_is_not_complete() -> None:
    found = observed(serving_pod("a", created=10), serving_pod("b", created=11, template="t2"))
    assert not found.complete
