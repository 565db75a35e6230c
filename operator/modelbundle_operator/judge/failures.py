"""From a pod's containers to one failure in words: what happened, where, and what to do next.

The order matters: the first container that hinders the pod is the cause, what comes after it only waits. A container
in CrashLoopBackOff is judged by how its last run ended, as "back-off" is not a cause.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from bundle_runtime.advice.row import ENDED, FETCH, START, World
from bundle_runtime.advice.row import INSTALL as INSTALLING
from bundle_runtime.advice.table import advice_for
from modelbundle_operator.api.names import Reason
from modelbundle_operator.judge.observation import (
    INSTALL,
    PREPARE,
    SERVER,
    STORE,
    WORKER,
    Container,
    Ended,
    Observation,
    Pod,
)
from modelbundle_operator.judge.others import OWN, holds_up, in_order, of_an_image
from modelbundle_operator.judge.refused_pods import advice
from modelbundle_operator.judge.reports import ALLOWED, Report, quoted

_TERMINAL = frozenset(
    {Reason.ARTIFACT_DIGEST_MISMATCH, Reason.ARTIFACT_UNSAFE, Reason.INVALID_SCHEMA, Reason.INVALID_VALUE}
)
_IMAGE_WAITS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"}
)
_START_ERRORS = frozenset({"CreateContainerError", "RunContainerError"})
_KILLED = (137, 143)
_ALARM = (54, 55)  # of a worker that could not end itself (worker/connection/alarm.py): SIGRTMIN differs by C library
_PHASES = {PREPARE: FETCH, INSTALL: INSTALLING}  # whose reports know nothing of what is around the pod
_MISSING = re.compile(r"(secret|configmap) \"?[\w.-]+\"? not found|couldn't find key", re.IGNORECASE)


@dataclass(frozen=True)
class Failure:
    """Why a bundle does not serve. `terminal` when no retry can help."""

    reason: str
    message: str
    container: str | None = None
    exit_code: int | None = None
    count: int = 1
    time: datetime | None = None
    terminal: bool = False


def failure(seen: Observation) -> Failure | None:
    """The failure that stands for all pods: of the newest template first, the most frequent of them."""
    found = [(pod, problem) for pod in seen.pods if not pod.ready and (problem := of_pod(pod, seen)) is not None]
    newest = {pod.name for pod in seen.newest}
    if found:
        return min(
            found, key=lambda item: (item[0].name not in newest, not item[1].terminal, -item[1].count, item[0].name)
        )[1]
    if seen.precheck is not None and seen.precheck.job is not None and (why := seen.precheck.job.failed):
        message = f"The Job {seen.precheck.name}, which tries the bundle without a GPU, has failed: {quoted(why)}"
        return Failure(Reason.RUNTIME_CRASHED, message)
    if seen.rollout.refused and len(seen.newest) < seen.wanted:
        message = f"Kubernetes refuses to create the pods: {quoted(seen.rollout.refused)}"
        return Failure(
            Reason.PODS_REFUSED,
            f"{message}. {advice(seen.rollout.refused)} The Deployment tries again automatically.",
        )
    return None


def of_pod(pod: Pod, seen: Observation) -> Failure | None:
    """The first container that hinders this pod."""
    for container in in_order(pod):
        if container.completed is not None and container.name in (PREPARE, INSTALL):
            continue
        if container.name == STORE and pod.job:  # what it lacks is a layer (packing.py)
            continue
        if container.name in OWN:
            problem = _not_started(container, seen) or _ended_badly(container, pod, seen)
        else:
            problem = _of_others(container)
        if problem is not None:
            return problem
    return None


def _of_others(container: Container) -> Failure | None:
    """One that a webhook has put into the pod."""
    if not (message := holds_up(container)):
        return None
    reason = Reason.IMAGE_PULL_FAILED if of_an_image(container) else Reason.RUNTIME_CRASHED
    ended = container.newest_end
    if ended is None or not ended.exit_code:
        return Failure(reason, message, container.name)
    count = container.restarts if container.running_since is not None else container.restarts + 1
    return Failure(reason, message, container.name, ended.exit_code, max(count, 1), ended.finished)


def _not_started(container: Container, seen: Observation) -> Failure | None:
    """The kubelet could not start it at all."""
    words = quoted(container.waiting_message)
    where = f"container {container.name}"
    if container.waiting in _IMAGE_WAITS:
        # the kubelet alternates between two words for one cause; the text after the last prefix is the same in both
        cause = words.rpartition("ErrImagePull: ")[2] or container.waiting
        if cause.startswith("Back-off"):
            cause = "the kubelet will try again"
        ours = container.name in (PREPARE, SERVER)
        check = "the operator's MODELBUNDLE_RUNTIME_IMAGE" if ours else "spec.bundle.envParams"
        # what this bundle was rolled out with, whatever the setting is by now (docs/adr/0002)
        moved = " Where that names another one by now, set a new serving.rollout.token to take it up." if ours else ""
        secrets = "serving.imagePullSecrets" + (" (for all bundles: podImagePullSecrets)" if ours else "")
        message = (
            f"{where}: image {container.image} cannot be pulled: {cause}. Check the name in {check}, the registry and"
            f" {secrets}; it is tried again automatically.{moved}"
        )
        return Failure(Reason.IMAGE_PULL_FAILED, message, container.name)
    if container.waiting == "CreateContainerConfigError":
        hint = "Create it in the bundle's namespace; the pod continues automatically." if _MISSING.search(words) else ""
        reason = Reason.SECRET_NOT_FOUND if _MISSING.search(words) else Reason.RUNTIME_CRASHED
        return Failure(reason, f"{where}: {words}. {hint}".strip(), container.name)
    if container.waiting in _START_ERRORS:
        return Failure(
            _own(container.name),
            f"{where} cannot be started: {words}.{_known(container, START, words, seen)}",
            container.name,
        )
    return None


def _ended_badly(container: Container, pod: Pod, seen: Observation) -> Failure | None:
    ended = container.newest_end
    if ended is None or (ended.exit_code == 0 and container.name != WORKER):
        return None
    # ready again: it has got over it. The server counts as soon as it runs, as its readiness is the worker's
    if container.ready or (container.name == SERVER and container.running_since is not None):
        return None
    if container.name == WORKER and _has_been_ready(container.running_since, pod):
        return None
    reason, message = _cause(container, ended, pod, seen)
    # restartCount lags by one while the container lies dead
    count = container.restarts if container.running_since is not None else container.restarts + 1
    return Failure(
        reason=reason,
        message=message,
        container=container.name,
        exit_code=ended.exit_code,
        count=max(count, 1),
        time=ended.finished,
        terminal=is_terminal(container.name, reason),
    )


def is_terminal(container: str | None, reason: str) -> bool:
    """Whether no retry can help: the artifact or the bundle itself is wrong."""
    return container == PREPARE and reason in _TERMINAL


def _cause(container: Container, ended: Ended, pod: Pod, seen: Observation) -> tuple[str, str]:
    name = container.name
    report = ended.report
    if name == WORKER and not _was_ready(ended, pod) and _took_too_long(ended, report, seen):
        return Reason.STARTUP_TIMEOUT, _startup_timeout(seen)
    if report is not None and report.reason in ALLOWED.get(name, frozenset()):
        speaker = "prepare" if name == PREPARE else f"{name} says"
        hint = ""
        if report.reason == Reason.STORE_ACCESS_DENIED and seen.artifact_secret:  # prepare cannot know its name
            hint = f" The credentials are those of Secret {seen.artifact_secret}."
        hint += _known(container, _PHASES.get(name, ""), report.message, seen)
        return report.reason, f"{speaker}: {report.message.rstrip('.') + '.' + hint if hint else report.message}"
    if ended.reason == "OOMKilled":
        return Reason.OUT_OF_MEMORY, _out_of_memory(container, "ran out of memory")
    if ended.exit_code in _KILLED and name == WORKER:
        return _killed(container, ended, pod, seen)
    if ended.exit_code == 137:
        return Reason.OUT_OF_MEMORY, _out_of_memory(container, "was killed (exit code 137), most likely out of memory")
    words = quoted(report.message if report is not None else ended.message)
    said = f" Its last words: {words}" if words else " It left no message; see kubectl logs --previous."
    how = f"ended with exit code {ended.exit_code}" + (
        "" if ended.reason in ("", "Error", "Completed") else f" ({ended.reason})"
    )
    known = _known(container, START, words, seen) or _known(container, ENDED, how, seen)
    return _own(name), f"container {name} {how} and is started again.{said}{known}"


def _killed(container: Container, ended: Ended, pod: Pod, seen: Observation) -> tuple[str, str]:
    """SIGKILL or SIGTERM: pod status does not say who sent it, so the times have to."""
    if _was_ready(ended, pod):
        message = (
            f"container worker was killed (exit code {ended.exit_code}) after it had been serving: its heartbeat"
            " stalled, predict_fn did not return long after requestTimeoutSeconds, or its process was killed from"
            " outside. See kubectl logs --previous -c worker."
        )
        return Reason.WORKER_CRASHED, message
    if ended.exit_code == 137:
        return Reason.OUT_OF_MEMORY, _out_of_memory(container, "was killed (exit code 137), most likely out of memory")
    return Reason.WORKER_CRASHED, "container worker was stopped (SIGTERM, exit code 143) and is started again."


def _was_ready(ended: Ended, pod: Pod) -> bool:
    return _has_been_ready(ended.started, pod)


def _has_been_ready(began: datetime | None, pod: Pod) -> bool:
    """Whether the pod became ready, or ceased to be, after that run of the worker had begun."""
    return None not in (pod.ready_changed, began) and pod.ready_changed > began  # type: ignore[operator]


def _took_too_long(ended: Ended, report: Report | None, seen: Observation) -> bool:
    """It says so itself; where it cannot, as something holds the interpreter lock, the kernel ends it. Templates of
    older versions have a startup probe, and then it is the kubelet."""
    if report is not None and report.reason == Reason.STARTUP_TIMEOUT:
        return True
    limit = seen.bundle.spec.serving.startup_timeout_seconds
    return ended.exit_code in (*_KILLED, *_ALARM) and ended.reason != "OOMKilled" and ended.seconds >= 0.9 * limit


def _startup_timeout(seen: Observation) -> str:
    return (
        f"the worker had not loaded the bundle within {seen.bundle.spec.serving.startup_timeout_seconds} s and is"
        " started again. Raise serving.startupTimeoutSeconds, or make loading faster; kubectl logs --previous -c worker"
        " shows how far it got."
    )


def _out_of_memory(container: Container, what: str) -> str:
    known = advice_for(ENDED, f"{container.name} {what}", World(memory=container.memory_limit))
    if known is not None:
        return known.text
    limit = f" (its limit is {container.memory_limit})" if container.memory_limit else ""
    return f"container {container.name} {what}{limit}. This container is part of the product: please report it."


def _own(name: str) -> str:
    return {WORKER: Reason.WORKER_CRASHED, INSTALL: Reason.INSTALL_FAILED}.get(name, Reason.RUNTIME_CRASHED)


def _known(container: Container, phase: str, words: str, seen: Observation) -> str:
    """What the table of known failures says about it. Of our own image only what is around it can be wrong."""
    if container.name not in (WORKER, INSTALL) and phase != FETCH:
        return ""
    params = seen.bundle.spec.bundle.env_params  # none in a clone that inherits them
    known = advice_for(phase, words, World(framework=params.framework_type if params else ""))
    return f" {known.text}" if known is not None else ""
