"""Judging a bundle: a table of checks for each condition (checks.py).

Pure functions of an Observation, so that every state a user can meet is one row of a table in the tests. Messages hold
no times and are the same for the same state: a condition that does not change is not written.
"""

from modelbundle_operator.api.names import ConditionType, Reason
from modelbundle_operator.api.times import soonest
from modelbundle_operator.api.verdict import Truth, Verdict, sentence
from modelbundle_operator.errors import BaseUnavailable, Terminal
from modelbundle_operator.judge.capacity import (
    capacity_due,
    capacity_words,
    pod_that_nobody_looks_at,
    pod_without_room,
    unnoticed_due,
    unnoticed_words,
)
from modelbundle_operator.judge.checks import first
from modelbundle_operator.judge.evidence import Check, Evidence, gather
from modelbundle_operator.judge.giving_back import retry_due, with_words
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import INSTALL, PREPARE, Observation, Pod, RunningPods
from modelbundle_operator.judge.others import awaited
from modelbundle_operator.judge.precheck import how_far, start_due
from modelbundle_operator.judge.reported import ARTIFACT, REQUIREMENTS, completed
from modelbundle_operator.judge.reports import quoted
from modelbundle_operator.judge.reproducibility import REPRODUCIBLE

RESOLVED = Verdict(ConditionType.RESOLVED, "True", Reason.COMPLETED, "The bundle document is resolved.")


def judge(seen: Observation) -> Judgement:
    """The conditions of a bundle whose children are in place."""
    known = gather(seen)
    ready = first(READY, known)
    conditions = [
        ready,
        RESOLVED,
        first(ARTIFACT, known),
        first(REQUIREMENTS, known),
        first(AVAILABLE, known),
        first(REPRODUCIBLE, known),
    ]
    stalled = ready.status == "False" and known.failure is not None and known.failure.terminal
    if stalled:
        conditions.append(Verdict(ConditionType.STALLED, "True", ready.reason, ready.message))
    elif seen.contended:
        conditions.append(Verdict(ConditionType.RECONCILING, "True", Reason.CONTENDED, seen.contended))
    elif seen.wanted and not seen.complete:
        conditions.append(_reconciling(known, ready))
    return Judgement(
        tuple(conditions),
        known.failure,
        soonest(_dues(seen)),
        complete=not seen.wanted or seen.complete,
        first_ready=seen.first_ready,
        first_run=known.first_run if seen.serving else None,
    )


def _dues(seen: Observation) -> tuple[float | None, ...]:
    return capacity_due(seen), unnoticed_due(seen), retry_due(seen), start_due(seen)


def judge_terminal(error: Terminal, running: RunningPods) -> Judgement:
    """The conditions of a bundle that cannot be resolved until it is replaced."""
    return _hindered(error.reason, error.message, "The bundle is not resolved.", ConditionType.STALLED, running)


def judge_without_base(error: BaseUnavailable, running: RunningPods) -> Judgement:
    """The conditions of a clone whose base is not there or not fit."""
    kind = ConditionType.STALLED if error.stalled else ConditionType.RECONCILING
    return _hindered(error.reason, error.message, "The clone is not resolved.", kind, running)


def judge_blocked(reason: str, message: str, running: RunningPods) -> Judgement:
    """The conditions of a bundle whose children cannot be written: a taken name, a policy. Heals when that goes."""
    waiting = "The bundle's children are not all in place."
    return _hindered(reason, message, waiting, ConditionType.RECONCILING, running, RESOLVED)


def _hindered(
    reason: str, message: str, waiting: str, kind: ConditionType, running: RunningPods, resolved: Verdict | None = None
) -> Judgement:
    available = Verdict(ConditionType.AVAILABLE, "False", reason, waiting)
    if running.serving:
        available = Verdict(ConditionType.AVAILABLE, "True", Reason.SERVING, f"{_running_words(running)}.")
        message = f"{sentence(message)} Meanwhile {_running_words(running)}, as it was made before."
    return Judgement(
        (
            Verdict(ConditionType.READY, "False", reason, message),
            resolved or Verdict(ConditionType.RESOLVED, "False", reason, message),
            Verdict(ConditionType.ARTIFACT_VERIFIED, "Unknown", reason, waiting),
            Verdict(ConditionType.REQUIREMENTS_READY, "Unknown", reason, waiting),
            available,
            Verdict(ConditionType.REPRODUCIBLE, "Unknown", reason, waiting),
            Verdict(kind, "True", reason, message),
        )
    )


def _running_words(running: RunningPods) -> str:
    digests, count = ", ".join(sorted({pod.digest for pod in running.serving})), len(running.serving)
    pods, answer = ("pod", "answers") if count == 1 else ("pods", "answer")
    return f"{count} {pods} of {digests} {answer} at {running.url}/predict"


# Ready


def is_only_stored(known: Evidence) -> Verdict | None:
    """No pod is asked for."""
    if known.seen.wanted:
        return None
    text = "Stored, not served. Set spec.serving.replicas to serve it."
    return Verdict(ConditionType.READY, "True", Reason.STORED, text)


def pods_answer(known: Evidence) -> Verdict | None:
    """At least one pod is ready."""
    seen = known.seen
    if not seen.serving:
        return None
    text = f"{_count(seen)} at {seen.url}/predict."
    return Verdict(ConditionType.READY, "True", Reason.SERVING, text)


def something_failed(known: Evidence) -> Verdict | None:
    """A failure explains why no pod is ready."""
    if known.failure is None:
        return None
    problem = with_words(known.failure, known.seen)
    return Verdict(ConditionType.READY, "False", problem.reason, problem.message)


def waits_for_capacity(known: Evidence) -> Verdict | None:
    """No node takes a pod."""
    pod = pod_without_room(known.seen)
    return Verdict(ConditionType.READY, "False", Reason.WAITING_FOR_CAPACITY, capacity_words(pod)) if pod else None


def is_starting(known: Evidence) -> Verdict:
    """The first pods are on their way."""
    seen = known.seen
    before = next((c for c in seen.previous.conditions or [] if c.type == ConditionType.READY), None)
    status: Truth = "Unknown" if before is None or before.status == "Unknown" else "False"
    return Verdict(ConditionType.READY, status, Reason.PROGRESSING, f"{_count(seen)}: {_how_far(seen)}")


READY: tuple[Check, ...] = (is_only_stored, pods_answer, something_failed, waits_for_capacity, is_starting)


# Available: does anything answer right now


def some_pod_answers(known: Evidence) -> Verdict | None:
    """At least one pod is ready."""
    if not known.seen.serving:
        return None
    return Verdict(ConditionType.AVAILABLE, "True", Reason.SERVING, f"POST {known.seen.url}/predict is answered.")


def is_scaled_to_zero(known: Evidence) -> Verdict | None:
    """No pod is asked for."""
    if known.seen.wanted:
        return None
    return Verdict(ConditionType.AVAILABLE, "False", Reason.SCALED_TO_ZERO, "spec.serving.replicas is 0.")


def no_pod_answers(known: Evidence) -> Verdict:
    """Pods are asked for, and none is ready."""
    reason = known.failure.reason if known.failure else str(Reason.PROGRESSING)
    return Verdict(ConditionType.AVAILABLE, "False", reason, "No pod answers.")


AVAILABLE: tuple[Check, ...] = (some_pod_answers, is_scaled_to_zero, no_pod_answers)


def _reconciling(known: Evidence, ready: Verdict) -> Verdict:
    if ready.status == "True":
        trouble = something_failed(known) or waits_for_capacity(known)
        reason, why = (trouble.reason, trouble.message) if trouble else (Reason.PROGRESSING, _how_far(known.seen))
        text = f"{_count(known.seen)}; the roll-out is not complete: {why}"
        return Verdict(ConditionType.RECONCILING, "True", reason, text)
    return Verdict(ConditionType.RECONCILING, "True", ready.reason, ready.message)


def _count(seen: Observation) -> str:
    return f"{len(seen.serving)} of {seen.wanted} {'pod answers' if seen.wanted == 1 else 'pods answer'}"


def _how_far(seen: Observation) -> str:
    return f"{_stage(seen)}.{_eviction(seen)}"


def _stage(seen: Observation) -> str:
    """How far the pod that is furthest behind has come; coarse, as every new text is a write."""
    if seen.precheck is not None:
        return how_far(seen)
    starting = [pod for pod in seen.newest if not pod.ready]
    if not starting:
        creates = not seen.rollout.observed or len(seen.newest) < seen.wanted
        return "the Deployment creates its pods" if creates else "pods of the former template are leaving"
    if any(pod.gated for pod in starting):
        return (
            "a scheduling gate holds the pod back, until the program that set it, such as Kueue, removes it; `kubectl"
            " get pod -o yaml` shows it in spec.schedulingGates"
        )
    if unnoticed := pod_that_nobody_looks_at(seen):
        return unnoticed_words(unnoticed, seen.bundle.spec.serving.scheduler_name)
    if node := next((pod.lost_node for pod in starting if pod.lost_node), ""):
        return (
            f"node {node} does not answer the API server (`kubectl get nodes`); where that stays so, Kubernetes makes"
            " another pod elsewhere, after five minutes unless a toleration says otherwise"
        )
    if (volumes := seen.bundle.spec.serving.volumes) and any(_waits_on_its_node(pod) for pod in starting):
        names = ", ".join(volume.name for volume in volumes)
        return (
            f"waiting for images and for the volumes of serving.volumes ({names}): where a claim, ConfigMap or Secret"
            " is missing, `kubectl describe pod` names it"
        )
    if not all(completed(pod, PREPARE) for pod in starting):
        return "waiting for a node, for images and for prepare to fetch the artifact"
    if seen.has_requirements and not all(completed(pod, INSTALL) for pod in starting):
        return "install is putting the requirements in place"
    return awaited(starting) or "the worker is loading the bundle"


def _eviction(seen: Observation) -> str:
    """What the kubelet said to a pod of the same template before: the next one may come to the same end."""
    before = next((pod.evicted for pod in seen.evicted if pod.template in {one.template for one in seen.newest}), "")
    if not before:
        return ""
    return (
        f" A pod before was evicted: {quoted(before).rstrip('. ')}. Where a size is exceeded, raise serving.sizeLimits"
        " or serving.resources.ephemeralStorage."
    )


def _waits_on_its_node(pod: Pod) -> bool:
    """It has a node, and none of its containers has begun: the kubelet mounts the volumes first."""
    prepare = pod.containers.get(PREPARE)
    began = prepare is not None and (prepare.running_since is not None or prepare.newest_end is not None)
    return pod.scheduled_at is not None and not began
