"""What is tried before a GPU is taken: when the pods may be made, and what is said until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.api.names import ConditionType
from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.judge.conditions import judge
from modelbundle_operator.judge.giving_back import next_retry
from modelbundle_operator.judge.jobs import Job, Precheck, observe_job
from modelbundle_operator.judge.observation import Observation
from modelbundle_operator.judge.packing import PACKING_SECONDS
from modelbundle_operator.judge.precheck import UNPLACED_SECONDS, Step, next_step, passed, start_due, took

from tests.operator.judge.test_conditions import report, seen
from tools.testkit.cluster_objects import (
    START,
    at,
    completed,
    ended,
    layer,
    over,
    precheck_pod,
    reported,
    running,
    waiting,
)

Body = dict[str, Any]
GPU: Body = {"gpu": {"count": 1}}
NAME = "modelbundle-precheck-1"
JOB = Job(NAME, "j", "llama", START)
BACK_OFF = "CrashLoopBackOff"
FULL = "0/2 nodes are available: 1 Insufficient cpu. preemption: no victims."


def tried(
    *containers: Body, job: Job | None = JOB, now: float = 100, requirements: bool = True, status: Body | None = None
) -> Observation:
    """A bundle with a GPU that is tried first; `containers`: of each of its Job's pods."""
    pods = tuple(observe_pod(precheck_pod(NAME, "j", **each)) for each in containers)
    made = seen(serving=GPU, now=now, requirements=requirements, status=status)
    made = replace(made, pods=pods, precheck=Precheck("sha256:1", NAME, job))
    return replace(made, retry=next_retry(made))


def failed(container: str, reason: str, times: int = 1) -> Body:
    before: Body = {} if container == "prepare" else {"prepare": completed()}
    return {**before, container: waiting(BACK_OFF, last=over(1, report(reason)), restarts=times - 1)}


def held(until: float, generation: int = 1) -> Body:
    last = {"reason": "RequirementNotFound", "message": "install says: no.", "container": "install", "count": 3,
            "time": at(30)}  # fmt: skip
    return {"observedGeneration": generation, "retry": {"count": 1, "at": at(until)}, "lastFailure": last}


MAKES = replace(JOB, layer="sha256:2")
STORED: Body = {"prepare": completed(), "install": completed()}


def making(*containers: Body, job: Job | None = MAKES, **more: Any) -> Observation:
    """The same where the Job makes a layer too."""
    return tried(*containers, job=job, **more)


def alone(*containers: Body, job: Job | None = MAKES, **more: Any) -> Observation:
    """A Job for the layer alone."""
    made = tried(*containers, job=job, **more)
    assert made.precheck is not None
    precheck = replace(made.precheck, required=False, layer="sha256:2", makes_layer=True)
    return replace(made, precheck=precheck)


UNPLACED: Body = {"unschedulable": FULL, "unschedulable_at": 1}

# why, what is seen, what comes next
STEPS = [
    ("there is nothing to try", seen(serving=GPU), Step.START),
    ("there is no Job yet", tried(job=None), Step.BEGIN),
    ("it has no pod yet", tried(now=2), Step.WAIT),
    ("prepare runs", tried({"prepare": running(2)}), Step.WAIT),
    ("install runs", tried({"prepare": completed(), "install": running(5)}), Step.WAIT),
    ("prepare has failed for the first time", tried(failed("prepare", "StoreUnreachable")), Step.WAIT),
    ("prepare has failed for the third time", tried(failed("prepare", "StoreUnreachable", 3)), Step.HOLD),
    ("no retry changes it", tried({"prepare": ended(1, report("ArtifactDigestMismatch"))}), Step.HOLD),
    ("a requirement is at no index", tried(failed("install", "RequirementNotFound", 3)), Step.HOLD),
    ("the image has another Python", tried(failed("install", "PythonMismatch", 3), requirements=False), Step.HOLD),
    ("it is no pickle", tried(failed("install", "UnpickleFailed", 3), requirements=False), Step.HOLD),
    ("the image has not been pulled for a minute",
     tried({"prepare": completed(), "install": waiting("ImagePullBackOff", "not found")}, now=60), Step.WAIT),
    ("nor for two", tried({"prepare": completed(), "install": waiting("ImagePullBackOff", "not found")}, now=130),
     Step.HOLD),
    ("Kubernetes has given the Job up", tried(job=replace(JOB, failed="BackoffLimitExceeded")), Step.HOLD),
    ("it is held back", tried(job=None, status=held(160)), Step.HOLD),
    ("the pause is over", tried(job=None, status=held(99)), Step.BEGIN),
    ("another spec is tried at once", tried(job=None, status=held(160, generation=0)), Step.BEGIN),
    ("the Job is complete", tried(job=replace(JOB, complete=True)), Step.START),
    ("install is over, and a sidecar of others runs on", tried({"prepare": completed(), "install": completed()}),
     Step.START),
    ("what another bundle's Job shows now counts for one that is held back",
     tried(status=held(160), job=replace(JOB, complete=True)), Step.START),
    ("no node takes it", tried(UNPLACED, now=UNPLACED_SECONDS - 1), Step.WAIT),
    ("nor later", tried(UNPLACED, now=UNPLACED_SECONDS), Step.START),
    ("its pods are refused, which no Job says", tried(now=UNPLACED_SECONDS), Step.START),
    ("what runs may take as long as it takes", tried({"prepare": running(2)}, now=7200), Step.WAIT),
    ("install is over, and the layer is packed", making(STORED | {"store": running(6)}), Step.WAIT),
    ("it is packed, and the status of store is not there yet", making(STORED), Step.WAIT),
    ("the layer is there", making(STORED | {"store": reported(layer=layer())}), Step.START),
    ("there is none", making(STORED | {"store": reported(noLayer="no")}), Step.START),
    ("store has failed, it runs again", making(STORED | {"store": running(9, last=over(137), restarts=1)}), Step.START),
    ("store cannot be started", making(STORED | {"store": waiting("ErrImagePull", "no")}), Step.START),
    ("store has taken too long", making(STORED | {"store": running(6)}, now=1300), Step.START),
    ("what has failed before store is not given up for it", making(failed("install", "IndexUnreachable")), Step.WAIT),
    ("a Job for the layer alone is to be made", alone(job=None), Step.BEGIN),
    ("it runs", alone({"prepare": completed(), "install": running(5)}), Step.WAIT),
    ("it is packed", alone(STORED | {"store": running(6)}), Step.WAIT),
    ("nothing of it has to go well: prepare fails", alone(failed("prepare", "StoreUnreachable")), Step.START),
    ("install fails", alone(failed("install", "RequirementNotFound")), Step.START),
    ("an image cannot be pulled", alone({"prepare": waiting("ImagePullBackOff", "no")}), Step.START),
    ("the Job is given up by Kubernetes", alone(job=replace(MAKES, failed="BackoffLimitExceeded")), Step.START),
    ("no node takes its pod", alone(UNPLACED, now=UNPLACED_SECONDS), Step.START),
    ("or not yet", alone(UNPLACED, now=UNPLACED_SECONDS - 1), Step.WAIT),
]  # fmt: skip


@pytest.mark.parametrize(("why", "observed", "step"), STEPS, ids=[row[0] for row in STEPS])
def test_the_next_step(why: str, observed: Observation, step: Step) -> None:
    assert next_step(observed) is step, why


def test_one_that_no_node_took_is_not_known_to_be_good() -> None:
    given_up = tried(UNPLACED, now=UNPLACED_SECONDS)
    assert given_up.precheck is not None
    assert (next_step(given_up), passed(given_up.precheck.job, given_up.pods, given_up.now)) == (Step.START, False)


# what is seen, Ready's reason, words of its message
SAID = [
    (tried(now=2), "Progressing", "tried without a GPU first, by the Job modelbundle-precheck-1: it creates its pod."),
    (tried(UNPLACED), "Progressing", "waiting for a node, and after 120 s no longer; the scheduler says: 0/2 nodes are"
     " available: 1 Insufficient cpu."),
    (tried({"prepare": running(2)}), "Progressing", "for prepare to fetch the artifact"),
    (tried({"prepare": completed(), "install": running(5)}), "Progressing", "and install tries the requirements."),
    (tried({"prepare": completed(), "install": running(5)}, requirements=False), "Progressing", "Python is compared."),
    (tried(failed("prepare", "StoreUnreachable")), "StoreUnreachable", "prepare: what happened"),
    (tried(failed("install", "RequirementNotFound", 3)), "RequirementNotFound",
     f"what happened. No GPU was taken for it; it is tried again at {at(160)}, or at once with a new"),
    (tried(job=None, status=held(160)), "RequirementNotFound", f"install says: no. No GPU was taken for it; it is tried"
     f" again at {at(160)}"),
    (tried(job=replace(JOB, failed="Job has reached the backoff limit")), "RuntimeCrashed",
     "has failed: Job has reached the backoff limit"),
    (making({"prepare": running(2)}), "Progressing", "tried without a GPU first, and the requirements are installed"
     " once, for every pod and clone of them, by the Job modelbundle-precheck-1: waiting for images"),
    (making(STORED | {"store": running(6)}), "Progressing", ": the requirements are packed and stored beside the"),
    (alone(now=2), "Progressing", "1 pod answers: the requirements are installed once, for every pod and clone of them,"
     " by the Job modelbundle-precheck-1: it creates its pod."),
]  # fmt: skip


@pytest.mark.parametrize(("observed", "reason", "words"), SAID, ids=[row[2][:40] for row in SAID])
def test_what_is_said(observed: Observation, reason: str, words: str) -> None:
    judged = judge(observed)
    ready = judged.conditions[0]
    assert (ready.type, ready.reason) == (ConditionType.READY, reason)
    assert ready.status != "True"
    assert words in ready.message
    assert not judged.complete


def test_the_wait_for_a_node_ends_by_time_alone() -> None:
    assert start_due(tried(UNPLACED, now=100)) == judge(tried(UNPLACED, now=100)).requeue_after == 21
    assert start_due(tried({"prepare": running(2)})) is None
    assert start_due(seen(serving=GPU)) is None


def test_the_wait_for_a_layer_ends_by_time_alone() -> None:
    packs = making(STORED | {"store": running(6)}, now=100)
    assert start_due(packs) == judge(packs).requeue_after == PACKING_SECONDS + 5 - 100 + 1
    assert start_due(making({"prepare": completed(), "install": running(5)})) is None


def test_what_a_try_took_is_until_its_last_container_is_over() -> None:
    pods = making(STORED | {"store": reported(layer=layer(), finished=40)}).tried
    now = START + timedelta(seconds=50)
    assert took(MAKES, pods, now) == 40
    assert took(JOB, pods, now) == 5
    assert took(None, pods, now) is None


def test_an_evicted_pod_that_had_installed_all_has_passed() -> None:
    made = precheck_pod(NAME, "j", **STORED, store=ended(137))
    made["status"] |= {"phase": "Failed", "reason": "Evicted", "message": "disk"}
    assert next_step(replace(making(), evicted=(observe_pod(made),))) is Step.START


def test_its_pods_are_none_of_the_bundles() -> None:
    found = observe_pod(precheck_pod(NAME, "j", prepare=running(2)))
    assert (found.job, found.counts) == ("j", False)
    assert observe_pod(precheck_pod(NAME, "j", leaving=True)).job == ""


def test_of_a_job_its_end_is_read() -> None:
    said = {"conditions": [
        {"type": "Complete", "status": "False"},
        {"type": "Failed", "status": "True", "message": "Job has reached the backoff limit"},
    ]}  # fmt: skip
    labels = {"modelbundle.dev/bundle": "llama"}
    metadata = {"name": NAME, "uid": "j", "labels": labels, "creationTimestamp": at(0)}
    found = observe_job({"metadata": metadata, "status": said})
    assert found == replace(JOB, failed="Job has reached the backoff limit")
    leaving = observe_job({"metadata": {**metadata, "deletionTimestamp": at(1)}})
    assert leaving == replace(JOB, leaving=True)
