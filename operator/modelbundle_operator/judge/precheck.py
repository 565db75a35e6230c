"""What is tried before a GPU is taken (docs/adr/0037): what to do next, and how far it has come.

Pure. A Job without a GPU runs prepare and install; its pods are judged as the bundle's own would be. Where a layer of
the requirements is to be made (docs/adr/0038), its container `store` comes after them. Of that nothing is required: a
Job that is for the layer alone is given up as soon as anything of it fails.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, auto

from modelbundle_operator.api.times import seconds_between
from modelbundle_operator.judge.failures import failure
from modelbundle_operator.judge.giving_back import holds
from modelbundle_operator.judge.jobs import Job
from modelbundle_operator.judge.observation import PREPARE, Observation, Pod
from modelbundle_operator.judge.packing import installed, packed, packing_due
from modelbundle_operator.judge.reports import brief

# where no node without a GPU has room, bundles start as if nothing were tried
UNPLACED_SECONDS = 120.0


class Step(Enum):
    """What comes next."""

    START = auto()  # the Deployment: nothing is to be tried, or it has passed
    BEGIN = auto()  # the Job is to be made
    WAIT = auto()  # it runs
    HOLD = auto()  # it has failed: again when status.retry says so


def next_step(seen: Observation) -> Step:
    """What comes next."""
    if seen.precheck is None or passed(seen.precheck.job, seen.tried, seen.now) or unplaced(seen):
        return Step.START
    if not seen.precheck.required and failure(seen) is not None:
        return Step.START
    if holds(seen.retry, seen.now):
        return Step.HOLD
    return Step.BEGIN if seen.precheck.job is None else Step.WAIT


def passed(job: Job | None, pods: Iterable[Pod], now: datetime) -> bool:
    """Whether all of it went well. The container's own end counts too: a sidecar that others put in may never end."""
    return job is not None and (job.complete or _end(job, pods, now) is not None)


def took(job: Job | None, pods: Iterable[Pod], now: datetime) -> float | None:
    """Seconds from the Job's creation to the end of its last container; None where one of the two is not known."""
    return seconds_between(job.created, _end(job, pods, now)) if job is not None else None


def _end(job: Job, pods: Iterable[Pod], now: datetime) -> datetime | None:
    """When the first of its pods was over; `now` where that is not told."""
    own = [pod for pod in pods if pod.job]
    if job.layer:
        return min((end.at or now for pod in own if (end := packed(pod, now)) is not None), default=None)
    return min((last.finished or now for pod in own if (last := installed(pod)) is not None), default=None)


def start_due(seen: Observation) -> float | None:
    """Seconds until the wait for a node, or for the layer, is over."""
    waited = _unplaced_for(seen)
    due = [] if waited is None else [max(UNPLACED_SECONDS - waited, 0.0) + 1.0]
    if seen.precheck is not None and seen.precheck.job is not None and seen.precheck.job.layer:
        due += [seconds for pod in seen.tried if (seconds := packing_due(pod, seen.now)) is not None]
    return min(due, default=None)


def unplaced(seen: Observation) -> str:
    """In words, that it has waited for a node for long enough; empty where it has not."""
    waited = _unplaced_for(seen)
    if waited is None or waited < UNPLACED_SECONDS:
        return ""
    return f"no node after {UNPLACED_SECONDS:.0f} s{_scheduler_says(next((pod for pod in seen.pods if pod.job), None))}"


def how_far(seen: Observation) -> str:
    """How far it has come; coarse, as every new text is a write."""
    precheck = seen.precheck
    assert precheck is not None
    once = "the requirements are installed once, for every pod and clone of them"
    what = "artifact, image and requirements are tried without a GPU first"
    if not precheck.required:
        what = once
    elif precheck.job.layer if precheck.job is not None else precheck.makes_layer:
        what = f"{what}, and {once}"
    return f"{what}, by the Job {precheck.name}: {_stage(seen)}"


def _stage(seen: Observation) -> str:
    pod = next((pod for pod in seen.pods if pod.job), None)
    if pod is None:
        return "it creates its pod"
    if pod.scheduled_at is None:
        return f"waiting for a node, and after {UNPLACED_SECONDS:.0f} s no longer{_scheduler_says(pod)}"
    prepare = pod.containers.get(PREPARE)
    if prepare is None or prepare.completed is None:
        return "waiting for images and for prepare to fetch the artifact"
    if installed(pod) is not None:
        return "the requirements are packed and stored beside the artifact"
    return "the image's Python is compared" + (", and install tries the requirements" if seen.has_requirements else "")


def _scheduler_says(pod: Pod | None) -> str:
    words = brief(pod.unschedulable.partition(" preemption:")[0]).rstrip(", ") if pod is not None else ""
    return f"; the scheduler says: {words}" if words else ""


def _unplaced_for(seen: Observation) -> float | None:
    """Seconds since the Job was made, while none of its pods has a node."""
    job = seen.precheck.job if seen.precheck is not None else None
    if job is None or job.failed or any(pod.scheduled_at is not None for pod in seen.pods if pod.job):
        return None
    return seconds_between(job.created, seen.now)
