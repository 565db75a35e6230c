"""The page of one bundle, from the objects of a cluster."""

from __future__ import annotations

from launch.ui.detail import (
    LONGEST_MESSAGE,
    LONGEST_YAML,
    MOST_EVENTS,
    bundle_page,
    child_line,
    history,
    pod_line,
    yaml_of,
)
from tests.launch.ui.stand_in import bundle


def event(second: int, reason: str, **more) -> dict:
    stamp = f"2026-01-01T00:00:{second:02}Z"
    return {"metadata": {}, "type": "Normal", "reason": reason, "message": "m", "lastTimestamp": stamp, **more}


def test_the_history_has_conditions_among_events_the_newest_first():
    page = bundle_page(bundle("b"))  # Ready since second 10
    found = history(page["conditions"], [event(5, "Created"), event(20, "Scaled", count=3)])
    assert [(entry["what"], entry["reason"], entry["count"]) for entry in found] == [
        ("event", "Scaled", 3),
        ("condition", "Serving", 1),
        ("event", "Created", 1),
    ]


def test_the_history_is_bounded():
    page = bundle_page(bundle("b"))
    assert len(history(page["conditions"], [event(1, "x") for _ in range(500)])) == MOST_EVENTS


def test_yaml_has_what_a_person_wrote():
    made = bundle("b")
    made["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    made["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "a"}
    text = yaml_of(made)
    assert "managedFields" not in text
    assert "last-applied" not in text
    assert "status:" not in text
    assert "team: a" in text
    assert "mode: x" in text


def test_long_texts_are_cut():
    made = bundle("b", ready=("False", "LoadFailed", "x" * 32_000))
    made["spec"]["bundle"]["appConfig"] = {"large": "y" * 400_000}
    page = bundle_page(made)
    assert len(page["conditions"][0]["message"]) == LONGEST_MESSAGE
    assert LONGEST_YAML < len(yaml_of(made)) < LONGEST_YAML + 100


def test_a_pod_has_its_containers_in_the_order_of_their_start():
    states = [
        {"name": "server", "ready": True, "restartCount": 0, "state": {"running": {"startedAt": "t"}}},
        {"name": "worker", "ready": False, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
         "lastState": {"terminated": {"message": "why"}}},
    ]  # fmt: skip
    prepare = {"name": "prepare", "ready": True, "state": {"terminated": {"reason": "Completed"}}}
    pod = {"metadata": {"name": "p"}, "status": {"phase": "Running", "containerStatuses": states,
                                                 "initContainerStatuses": [prepare]}}  # fmt: skip
    line = pod_line(pod)
    assert line["restarts"] == 2
    assert [(part["name"], part["state"], part["message"], part["hasPrevious"]) for part in line["containers"]] == [
        ("prepare", "terminated", "", False),
        ("worker", "waiting", "why", True),
        ("server", "ready", "", False),
    ]


def test_a_container_says_its_report_in_words_and_beside_it_that_it_waits():
    report = {"terminated": {"message": '{"reason": "LoadFailed", "message": "no weights", "seconds": {}}'}}
    waits = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}
    states = [
        {"name": "prepare", "state": {"terminated": {"message": '{"reason": "Completed", "message": ""}'}}},
        {"name": "worker", "state": waits, "lastState": report},
        {"name": "injected", "state": {"terminated": {"message": '{"other": 1}'}}},
        {"name": "deep", "state": {"terminated": {"message": "[" * 100_000}}},
    ]
    line = pod_line({"metadata": {"name": "p"}, "status": {"containerStatuses": states}})
    said = {part["name"]: part["message"] for part in line["containers"]}
    assert (said["prepare"], said["worker"]) == ("", "back-off 40s\nno weights")
    assert said["injected"] == '{"other": 1}', "what is not ours is shown as it is"
    assert said["deep"].startswith("[[[")


def test_a_pod_that_no_node_takes_says_why():
    conditions = [{"type": "PodScheduled", "status": "False", "message": "0/3 nodes: Insufficient nvidia.com/gpu"}]
    pod = {"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": conditions}}
    assert pod_line(pod)["message"] == "0/3 nodes: Insufficient nvidia.com/gpu"
    assert pod_line({"metadata": {"name": "p"}})["containers"] == []


def test_a_child_that_may_not_be_read_says_so():
    assert child_line({"plural": "configmaps", "error": "forbidden"}) == {"plural": "configmaps", "error": "forbidden"}
    child = {"plural": "services", "metadata": {"name": "b", "creationTimestamp": "t"}}
    assert child_line(child) == {"plural": "services", "name": "b", "createdAt": "t"}
