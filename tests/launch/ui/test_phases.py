"""The phases of a pod's start."""

from __future__ import annotations

from launch.ui.phases import phases


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}Z"


def over(name: str, begin: int, end: int) -> dict:
    return {"name": name, "state": {"terminated": {"startedAt": at(begin), "finishedAt": at(end)}}}


def pod(*containers: dict, ready: int | None = None, scheduled: int | None = 2) -> dict:
    moments = {"PodScheduled": scheduled, "Ready": ready}
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": at(second)}
        for kind, second in moments.items()
        if second is not None
    ]
    return {
        "metadata": {"name": "p", "creationTimestamp": at(0)},
        "status": {"conditions": conditions, "initContainerStatuses": list(containers)},
    }


def worker(begin: int, restarts: int = 0) -> dict:
    return {"name": "worker", "restartCount": restarts, "state": {"running": {"startedAt": at(begin)}}}


def spans(made: dict) -> list[tuple]:
    return [(phase["name"], phase["begin"], phase["seconds"]) for phase in phases(made)]


def test_a_pod_that_answers_has_all_of_them():
    made = pod(over("prepare", 5, 8), over("install", 9, 19), worker(20), ready=50)
    assert spans(made) == [
        ("waited for a node", 0, 2),
        ("images and volumes", 2, 3),
        ("prepare", 5, 3),
        ("install", 9, 10),
        ("load", 20, 30),
    ]


def test_what_is_not_over_is_left_out():
    assert spans(pod(scheduled=None)) == []
    assert spans(pod()) == [("waited for a node", 0, 2)]
    made = pod({"name": "prepare", "state": {"running": {"startedAt": at(4)}}})
    assert spans(made) == [("waited for a node", 0, 2), ("images and volumes", 2, 2)]


def test_after_a_restart_the_worker_is_left_out():
    made = pod(over("prepare", 5, 8), worker(20, restarts=1), ready=50)
    assert [name for name, _, _ in spans(made)] == ["waited for a node", "images and volumes", "prepare"]


def test_a_pod_without_times_has_none():
    assert phases({"metadata": {"name": "p"}}) == []
    assert phases({"metadata": {"name": "p", "creationTimestamp": "yesterday"}, "status": {"conditions": [{}]}}) == []
