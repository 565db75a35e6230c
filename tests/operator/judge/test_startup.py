"""The parts of a start add up to the whole, whatever a pod does not tell; a pod that is back has not started."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.observation import Observation, that_count
from modelbundle_operator.judge.startup import is_another_start, startup, with_check
from modelbundle_operator.judge.status import summarise

from bundle_spec.startup import parts_of
from tools.testkit.cluster_objects import (
    DIGEST,
    START,
    at,
    completed,
    ended,
    model_bundle,
    over,
    pod,
    running,
    serving_pod,
)

Body = dict[str, Any]


def installed(**seconds: float) -> Body:
    return ended(0, json.dumps({"reason": "Completed", "message": "", "seconds": seconds}), started=7, finished=11)


def without(body: Body, *condition: str) -> Body:
    kept = [each for each in body["status"]["conditions"] if each["type"] not in condition]
    return {**body, "status": {**body["status"], "conditions": kept}}


WHOLE = serving_pod(install=installed(resolve=0.5, install=3.25), worker=running(13, ready=True))
# what is seen, and its parts
STARTS = [
    ("all is told", WHOLE, {"scheduled": 1, "images": 5, "prepare": 3, "install": 4, "load": 7}),
    ("no requirements", serving_pod(), {"scheduled": 1, "images": 3, "prepare": 3, "load": 13}),
    ("no word of the scheduler", without(serving_pod(), "PodScheduled"), {"images": 4, "prepare": 3, "load": 13}),
    ("prepare has failed before", serving_pod(prepare={**completed(), "restartCount": 2}),
     {"scheduled": 1, "retries": 3, "prepare": 3, "load": 13}),
    ("the worker has failed before", serving_pod(worker=running(15, ready=True, last=over(1), restarts=1)),
     {"scheduled": 1, "retries": 11, "prepare": 3, "load": 5}),
    ("only the pod itself", pod(ready=True, ready_at=9), {"scheduled": 1, "load": 8}),
    ("a node whose clock is behind", serving_pod(prepare=ended(0, started=-30, finished=-27)),
     {"scheduled": 1, "images": 6, "prepare": 0, "load": 13}),
    ("a node whose clock is ahead", serving_pod(worker=running(500, ready=True)),
     {"scheduled": 1, "images": 16, "prepare": 3, "load": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "parts"), [start[1:] for start in STARTS], ids=[start[0] for start in STARTS])
def test_the_parts_add_up(body: Body, parts: dict[str, float]) -> None:
    found = startup(observe_pod(body))
    assert parts_of(found) == parts
    assert sum(parts.values()) == found["ready"]


def test_what_containers_measured_themselves_stands_beside() -> None:
    found = startup(observe_pod(WHOLE))
    assert (found["download"], found["resolve"]) == (1.25, 0.5)
    assert found["install"] == 4, "of the container, not of the step of that name"


def test_a_word_of_user_code_is_no_part() -> None:
    body = serving_pod(install=installed(load=1e6, ready=1e6, secret=1))
    assert "secret" not in startup(observe_pod(body))
    assert startup(observe_pod(body))["ready"] == 20


def test_a_pod_without_times_says_nothing() -> None:
    body = serving_pod()
    del body["metadata"]["creationTimestamp"]
    assert startup(observe_pod(body)) == {}


def said(status: str, reason: str, since: float, **startup: float) -> Body:
    ready = {"type": "Ready", "status": status, "reason": reason, "lastTransitionTime": at(since)}
    return {"conditions": [ready], **({"startup": startup} if startup else {})}


# what was said before, and whether the pod of STARTS, made at 0, is another start
BEFORE = [
    ("nothing", {}, True),
    ("it starts", said("Unknown", "Progressing", 0), True),
    ("it starts, and was tried first", said("Unknown", "Progressing", 0, check=12), True),
    ("it serves", said("True", "Serving", 20, ready=20), False),
    ("it serves, and an operator has lost the parts", said("True", "Serving", 20), True),
    ("it is stored since before", said("True", "Stored", -900, ready=7), True),
    ("another pod was lost as this one was made", said("False", "Progressing", 1, ready=7), True),
    ("the worker of this pod was started again", said("False", "WorkerCrashed", 900, ready=20), False),
]


@pytest.mark.parametrize(("before", "other"), [row[1:] for row in BEFORE], ids=[row[0] for row in BEFORE])
def test_when_a_start_is_another_one(before: Body, other: bool) -> None:
    assert is_another_start(before, observe_pod(serving_pod())) is other


def test_the_job_before_it_is_of_this_start_alone() -> None:
    assert with_check({"check": 12.0}, {"ready": 20.0}) == {"check": 12.0, "ready": 20.0}
    assert with_check({"check": 12.0, "ready": 9.0}, {"ready": 20.0}) == {"ready": 20.0}


def test_the_job_is_told_where_it_is_first_seen_to_be_over_with_the_pod_ready() -> None:
    pods = that_count([observe_pod(serving_pod())], DIGEST)
    bundle = parse(model_bundle())
    seen = Observation(
        bundle=bundle, has_requirements=False, now=START, pods=pods, checked="sha256:1", check_seconds=12.0
    )
    status = summarise({}, 1, "llama", judge(seen), START, seen)
    assert (status["startup"]["check"], status["startup"]["ready"]) == (12.0, 20.0)
    again = Observation(bundle=bundle, has_requirements=False, now=START, pods=pods)
    assert summarise(status, 1, "llama", judge(again), START, again)["startup"] == status["startup"]
