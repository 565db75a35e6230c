"""The first status of what has only just begun waits; nothing that somebody has to know of does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from modelbundle_operator.api.status import Layer, Retry
from modelbundle_operator.judge.begun import BEGUN_SECONDS, first_status_due
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.jobs import Precheck
from modelbundle_operator.judge.observation import Observation, Rollout

from tests.operator.judge.test_conditions import NO_GPU, seen
from tools.testkit.cluster_objects import START, at, completed, ended, pod, running, serving_pod, waiting

BEGUN = START + timedelta(seconds=100)
LOADING = pod(prepare=completed(), server=running(), worker=running())
PROGRESSING = {"type": "Ready", "status": "Unknown", "reason": "Progressing", "lastTransitionTime": at(50)}
LAYER = Layer(inputs="sha256:1", message="there is none", time=at(50))


def due(observation: Observation, begun: datetime | None = BEGUN) -> float | None:
    return first_status_due(observation, judge(observation), begun)


@pytest.mark.parametrize("pods", [(), (pod(),), (LOADING,)], ids=["no pod yet", "a pod", "a pod that loads"])
def test_a_start_is_given_two_seconds(pods: tuple[dict[str, Any], ...]) -> None:
    assert due(seen(*pods, now=100.5)) == pytest.approx(BEGUN_SECONDS - 0.5)
    assert due(seen(*pods, now=100 + BEGUN_SECONDS)) is None


@pytest.mark.parametrize("begun", [None, BEGUN + timedelta(hours=1)], ids=["not known", "the clock was set back"])
def test_where_the_beginning_is_not_known_nothing_waits(begun: datetime | None) -> None:
    assert due(seen(LOADING), begun) is None


SAID_AT_ONCE = {
    "a pod answers": seen(serving_pod()),
    "one of two pods answers": seen(serving_pod(), pod("b"), replicas=2),
    "no node takes the pod": seen(pod(unschedulable=NO_GPU, unschedulable_at=100)),
    "an image cannot be pulled": seen(pod(prepare=waiting("ErrImagePull"))),
    "the worker has crashed": seen(pod(prepare=completed(), server=running(), worker=ended(1))),
    "Kubernetes refuses the pods": seen(rollout=Rollout(refused="exceeded quota")),
    "it has said something before": seen(LOADING, status={"conditions": [PROGRESSING]}),
    "it gives its GPUs back": seen(LOADING, retry=Retry(count=1, at=at(50))),
    "others change its children": replace(seen(LOADING), contended="by kubectl"),
    "a Job tries it first": replace(seen(), precheck=Precheck("sha256:1", "llama-1")),
    "a Job has tried it": replace(seen(LOADING), checked="sha256:1"),
    "its Job has made a layer": replace(seen(LOADING), built=LAYER),
}


@pytest.mark.parametrize("why", SAID_AT_ONCE)
def test_everything_else_is_said_at_once(why: str) -> None:
    assert due(SAID_AT_ONCE[why]) is None
