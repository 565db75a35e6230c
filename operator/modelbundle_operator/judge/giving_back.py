"""When a bundle that cannot start gives its GPUs back (docs/adr/0025): its pods go, and are made again after a pause.

Pure. Only where no pod answers and none may still become ready: what serves is never touched, and neither is a pod
that has been ready. A bundle without GPUs keeps its pods, which cost little, and the kubelet its own growing pauses.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from modelbundle_operator.api.status import Retry
from modelbundle_operator.api.times import own_time, parse_time, seconds_between, timestamp_not_before
from modelbundle_operator.api.verdict import sentence
from modelbundle_operator.judge.failures import Failure, failure, is_terminal, of_pod
from modelbundle_operator.judge.observation import PREPARE, Observation, Pod

ATTEMPTS = 3
PAUSES_SECONDS = (60, 300, 900, 3600)
MOST_COUNTED = 2**31 - 1  # the field's own bound
# an image that cannot be pulled or a Secret that is missing fails no container, so nothing counts it
NOT_STARTED_SECONDS = 120.0


def next_retry(seen: Observation) -> Retry | None:
    """What status.retry is to be; None as long as the bundle has not given back, or once it serves."""
    serving = seen.bundle.spec.serving
    if not (seen.wanted and serving.gpu.count) or seen.serving:
        return None
    before = seen.previous.retry if seen.previous.observed_generation == seen.bundle.metadata.generation else None
    if holds(before, seen.now):
        return before
    problem = failure(seen)
    if problem is None or not _gives_up(problem, seen):
        return before
    count = min((before.count if before is not None else 0) + 1, MOST_COUNTED)
    pause = PAUSES_SECONDS[-1 if problem.terminal else min(count, len(PAUSES_SECONDS)) - 1]
    return Retry(count=count, at=timestamp_not_before(seen.now + timedelta(seconds=pause)))


def holds(retry: Retry | None, now: datetime) -> bool:
    """Whether pods are held back now."""
    return _left(retry, now) is not None


def retry_due(seen: Observation) -> float | None:
    """Seconds until time alone makes or removes pods."""
    if (held := _left(seen.retry, seen.now)) is not None:
        return held
    if not seen.bundle.spec.serving.gpu.count or seen.serving:
        return None
    left = [NOT_STARTED_SECONDS - age for pod in seen.pods if (age := _age(pod, seen)) is not None]
    return min((seconds + 1.0 for seconds in left if seconds > 0), default=None)


def kept_failure(seen: Observation) -> Failure | None:
    """The failure for which pods are held back: they are gone, and the status has it."""
    last = seen.previous.last_failure
    if last is None or last.reason is None or not holds(seen.retry, seen.now):
        return None
    return Failure(
        last.reason,
        last.message or "",
        last.container,
        last.exit_code,
        last.count or 1,
        parse_time(last.time),
        is_terminal(last.container, last.reason),
    )


def with_words(problem: Failure, seen: Observation) -> Failure:
    """The failure as a condition says it: with what becomes of the pods, where they are held back."""
    if seen.retry is None or not holds(seen.retry, seen.now):
        return problem
    becomes = "Its pods are removed, so that they hold no GPU; they are made again"
    if seen.precheck is not None:
        becomes = "No GPU was taken for it; it is tried again"
    words = f" {becomes} at {seen.retry.at}, or at once with a new serving.rollout.token."
    return replace(problem, message=sentence(problem.message) + words)


def _left(retry: Retry | None, now: datetime) -> float | None:
    """Seconds for which pods are held back yet; None where they are not.

    Nor are they until a moment that is further off than any pause: the clock that it was written by has been set back
    since, or somebody else wrote it.
    """
    left = seconds_between(now, own_time(retry.at)) if retry is not None else None
    return left if left is not None and 0 < left <= PAUSES_SECONDS[-1] + 1 else None


def _gives_up(problem: Failure, seen: Observation) -> bool:
    """Whether this is the end of an attempt: of every pod that a node has taken."""
    if seen.precheck is not None and seen.precheck.job is not None and seen.precheck.job.failed:
        return True
    placed = [pod for pod in seen.pods if pod.scheduled_at is not None]
    if not placed or any(_has_been_ready(pod) or of_pod(pod, seen) is None for pod in placed):
        return False
    if problem.terminal or problem.count >= ATTEMPTS:
        return True
    return problem.exit_code is None and all((_age(pod, seen) or 0.0) >= NOT_STARTED_SECONDS for pod in placed)


def _has_been_ready(pod: Pod) -> bool:
    """A pod is not Ready from before its first container on; a later change means that it was Ready in between."""
    prepare = pod.containers.get(PREPARE)
    if prepare is None or pod.ready_changed is None:
        return False
    first = prepare.newest_end.started if prepare.newest_end is not None else prepare.running_since
    return first is not None and pod.ready_changed > first + timedelta(seconds=1)


def _age(pod: Pod, seen: Observation) -> float | None:
    """Seconds since a node took it, of a pod in which something could not be started."""
    problem = of_pod(pod, seen)
    if problem is None or problem.exit_code is not None:
        return None
    return seconds_between(pod.scheduled_at, seen.now)
