"""When pods that cannot start give their GPU back, for how long, and what is never given back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.giving_back import PAUSES_SECONDS, holds, next_retry, retry_due

from tests.operator.judge.test_conditions import LOADING, report, seen
from tools.testkit.cluster_objects import START, at, completed, ended, over, pod, running, serving_pod, waiting

Body = dict[str, Any]
GPU: Body = {"gpu": {"count": 1}}
BACK_OFF = "CrashLoopBackOff"
NO_NODE = "0/1 nodes are available: 1 Insufficient nvidia.com/gpu."


def crashed(times: int, name: str = "llama-1", *, reason: str = "LoadFailed", **more: Any) -> Body:
    """A pod whose worker has ended so often while it loaded."""
    worker = waiting(BACK_OFF, last=over(1, report(reason), started=20, finished=30), restarts=times - 1)
    return pod(name, **{**LOADING, "worker": worker, **more})


def not_started(age: float) -> Body:
    return pod(prepare=completed(), worker=waiting("ImagePullBackOff", "not found"), created=100 - 1 - age)


# why, pods, serving, whether they go
CASES = [
    ("the third load has failed", [crashed(3)], GPU, True),
    ("the second one has", [crashed(2)], GPU, False),
    ("the third runs", [pod(**LOADING, worker=running(60, last=over(1, report("LoadFailed")), restarts=2))], GPU,
     False),
    ("nothing is held without a GPU", [crashed(9)], {"gpu": {"count": 0}}, False),
    ("a former pod serves", [crashed(9), serving_pod("llama-old", template="t0")], GPU, False),
    ("another one may still become ready", [crashed(9), pod("b", **LOADING, worker=running(7))],
     {**GPU, "replicas": 2}, False),
    ("another one waits for a node", [crashed(9), pod("b", unschedulable=NO_NODE)], {**GPU, "replicas": 2}, True),
    ("all of them fail", [crashed(3), crashed(1, "b")], {**GPU, "replicas": 2}, True),
    ("it has been ready", [crashed(9, ready_at=50)], GPU, False),
    ("prepare has failed three times",
     [pod(prepare=waiting(BACK_OFF, last=over(1, report("StoreUnreachable")), restarts=2))], GPU, True),
    ("the artifact is another one, which no retry changes",
     [pod(prepare=ended(1, report("ArtifactDigestMismatch")))], GPU, True),
    ("a requirement is not there",
     [pod(prepare=completed(), install=waiting(BACK_OFF, last=over(1, report("RequirementNotFound")), restarts=2))],
     GPU, True),
    ("an image cannot be pulled", [not_started(age=119)], GPU, False),
    ("nor two minutes later", [not_started(age=121)], GPU, True),
    ("no node has taken it", [pod(unschedulable=NO_NODE)], GPU, False),
    ("there is no pod yet", [], GPU, False),
]  # fmt: skip


@pytest.mark.parametrize(("why", "pods", "serving", "go"), CASES, ids=[row[0] for row in CASES])
def test_pods_go_when_none_of_them_can_start(why: str, pods: list[Body], serving: Body, go: bool) -> None:
    found = next_retry(seen(*pods, replicas=serving.get("replicas", 1), serving=serving, requirements=True))
    assert (found is not None and holds(found, START + timedelta(seconds=100))) == go, why


def status(count: int, until: float, generation: int = 1) -> Body:
    last = {"reason": "LoadFailed", "message": "worker says: no.", "container": "worker", "count": 3, "time": at(30)}
    return {"observedGeneration": generation, "retry": {"count": count, "at": at(until)}, "lastFailure": last}


@pytest.mark.parametrize("count", range(1, 6))
def test_pauses_grow_to_an_hour(count: int) -> None:
    before = status(count - 1, until=99) if count > 1 else None
    found = next_retry(seen(crashed(3), serving=GPU, status=before))
    assert found is not None
    assert found.count == count
    pause = PAUSES_SECONDS[min(count, len(PAUSES_SECONDS)) - 1]
    assert datetime.fromisoformat(found.at) == START + timedelta(seconds=100 + pause)


def test_what_no_retry_changes_is_looked_at_each_hour() -> None:
    found = next_retry(seen(pod(prepare=ended(1, report("ArtifactUnsafe"))), serving=GPU))
    assert found is not None
    assert found.at == at(100 + 3600)


def test_while_pods_are_held_back_the_failure_is_said_and_when_they_come_again() -> None:
    before = status(1, until=160)
    now = seen(serving=GPU, status=before)
    retry = next_retry(now)
    assert retry is not None
    assert retry.at == at(160)
    held = seen(serving=GPU, status=before, retry=retry)
    judged = judge(held)
    ready = judged.conditions[0]
    assert (ready.status, ready.reason) == ("False", "LoadFailed")
    assert ready.message.startswith("worker says: no. Its pods are removed, so that they hold no GPU; they are made")
    assert at(160) in ready.message
    assert judged.failure is not None
    assert judged.failure.message == "worker says: no."
    assert judged.requeue_after == retry_due(held) == 60


@pytest.mark.parametrize(
    ("why", "before", "now", "count"),
    [
        ("the time has come: what came before is remembered for the next pause", status(2, until=99), 100, 2),
        ("another spec is another attempt", status(2, until=160, generation=0), 100, None),
    ],
)
def test_pods_are_made_again(why: str, before: Body, now: float, count: int | None) -> None:
    found = next_retry(seen(serving=GPU, status=before, now=now))
    assert (found.count if found else None) == count, why
    assert not holds(found, START + timedelta(seconds=now))


def test_once_it_serves_nothing_is_remembered() -> None:
    assert next_retry(seen(serving_pod(), serving=GPU, status=status(2, until=99))) is None


def test_an_image_that_cannot_be_pulled_is_looked_at_when_its_two_minutes_are_over() -> None:
    assert retry_due(seen(not_started(age=90), serving=GPU)) == pytest.approx(31)
    assert retry_due(seen(not_started(age=90))) is None


@pytest.mark.parametrize("until", [
    at(3600 + 200), "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z",
    "2026-01-01T00:02:00+99:99", "2026-01-01T00:02:00", "2026-01-01T00:02:00Ztomorrow",
])  # fmt: skip
def test_a_moment_that_no_pause_ends_at_holds_nothing_back(until: str) -> None:
    """The clock of the operator was a day ahead, or somebody else wrote the status."""
    before = {**status(2, until=160), "retry": {"count": 2**31 - 1, "at": until}}
    before["lastFailure"]["time"] = until
    found = next_retry(seen(serving=GPU, status=before))
    assert not holds(found, START + timedelta(seconds=100))
    assert retry_due(seen(serving=GPU, status=before, retry=found)) is None
    again = next_retry(seen(crashed(3), serving=GPU, status=before))
    assert again is not None
    assert (again.count, again.at) == (2**31 - 1, at(100 + 3600))
