"""The one place where `status` is put together: a pure function of what was judged and what was said before."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from modelbundle_operator.api.names import ModelBundle
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.bundle.images import worker_image
from modelbundle_operator.bundle.naming import endpoint_url, selector
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.judge.failures import Failure
from modelbundle_operator.judge.observation import (
    INSTALL,
    PREPARE,
    WORKER,
    Observation,
    Pod,
    RunningPods,
    seconds_between,
)
from modelbundle_operator.judge.readiness import Judgement
from modelbundle_operator.judge.reports import parse
from modelbundle_operator.judge.reproducibility import first_run
from modelbundle_operator.settings import Settings

LONGEST_MESSAGE = 4000

Status = dict[str, Any]


def identity(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> Status:
    """What follows from what is to run alone."""
    status: Status = {
        "digest": resolution.digest,
        "image": worker_image(resolution.document, settings),
        "endpoint": {"url": endpoint_url(bundle)},
        "lineage": resolution.lineage.model_dump(by_alias=True, exclude_none=True),
    }
    if resolution.record is not None:
        status["resolved"] = resolution.record.model_dump(by_alias=True, exclude_none=True)
    return status


def summarise(
    previous: Mapping[str, Any],
    generation: int,
    bundle_name: str,
    judgement: Judgement,
    now: datetime,
    seen: Observation | RunningPods,
    about: Status | None = None,
) -> Status:
    """The whole status, of a bundle that was judged by its pods or of one that is hindered."""
    was_ready = _was(previous, "Ready", "True", "Serving")
    status: Status = {
        "observedGeneration": generation,
        "conditions": conditions(previous, judgement.conditions, generation, now),
        "replicas": len(seen.pods),
        "readyReplicas": len(seen.serving),
        "selector": ",".join(f"{label}={value}" for label, value in sorted(selector(bundle_name).items())),
        **(about or {}),
    }
    kept = ("imageID", "requirements", "startup")
    status |= {name: previous[name] for name in kept if name in previous}
    if isinstance(seen, Observation) and seen.serving:
        status |= _what_ran_first(seen)
        if not (was_ready and "startup" in previous):
            status["startup"] = _phases(min(seen.serving, key=lambda pod: (pod.ready_since or seen.now, pod.name)))
    if (last := _last_failure(previous, judgement, generation, seen, now)) is not None:
        status["lastFailure"] = last
    return status


def worth_writing(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether a status says something new; of a failure that only repeats, whether its count has doubled."""
    old, new = before.get("lastFailure") or {}, after.get("lastFailure") or {}
    if {**before, "lastFailure": {**old, "count": 0}} != {**after, "lastFailure": {**new, "count": 0}}:
        return True
    return bool(new.get("count", 0) >= 2 * old.get("count", 0)) and old != new


def timestamp(moment: datetime) -> str:
    """As Kubernetes writes times."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def conditions(
    previous: Mapping[str, Any], verdicts: tuple[Verdict, ...], generation: int, now: datetime
) -> list[dict[str, Any]]:
    before = {condition["type"]: condition for condition in previous.get("conditions") or []}

    def condition(verdict: Verdict) -> dict[str, Any]:
        old = before.get(str(verdict.type))
        same = old is not None and old["status"] == verdict.status
        return {
            "type": str(verdict.type),
            "status": verdict.status,
            "reason": str(verdict.reason),
            "message": verdict.message[:LONGEST_MESSAGE],
            "lastTransitionTime": old["lastTransitionTime"] if same and old else timestamp(now),
            "observedGeneration": generation,
        }

    return [condition(verdict) for verdict in verdicts]


def _last_failure(
    previous: Mapping[str, Any], judgement: Judgement, generation: int, seen: Observation | RunningPods, now: datetime
) -> Status | None:
    """The first cause since the bundle was last whole. What comes after a first cause is often only its echo."""
    if isinstance(seen, Observation) and (not seen.wanted or seen.complete):
        return None
    old: Status | None = previous.get("lastFailure")
    if old is not None and previous.get("observedGeneration") != generation:
        old = None  # another way of serving was asked for: what failed before may be mended
    new = judgement.failure
    if new is None or (old is not None and old.get("reason") != new.reason):
        return old
    count = max(new.count, (old or {}).get("count", 0))
    return {**_failure(new, now), **({"time": old["time"]} if old and "time" in old else {}), "count": count}


def _failure(failure: Failure, now: datetime) -> Status:
    status: Status = {
        "reason": str(failure.reason),
        "container": failure.container,
        "exitCode": failure.exit_code,
        "message": failure.message[:LONGEST_MESSAGE],
        "time": timestamp(failure.time or now),
    }
    return {name: value for name, value in status.items() if value is not None}


def _what_ran_first(seen: Observation) -> Status:
    """Its image and what was installed, from the first pod that ever answered: what later ones are compared with."""
    first = first_run(seen)
    requirements = {"digest": first.requirements or None, "count": first.count}
    listed = {name: value for name, value in requirements.items() if value is not None}
    status: Status = {"imageID": first.image_id or None, "requirements": listed or None}
    return {name: value for name, value in status.items() if value is not None}


def _phases(pod: Pod) -> dict[str, float]:
    """Pod times have whole seconds; what a container measured itself is finer and wins."""
    phases: dict[str, float | None] = {"scheduled": seconds_between(pod.created, pod.scheduled_at)}
    for name in (PREPARE, INSTALL):
        container = pod.containers.get(name)
        if container is not None and container.completed is not None:
            phases[name] = container.completed.seconds
            report = parse(container.completed.message)
            phases |= report.seconds if report is not None else {}
    worker = pod.containers.get(WORKER)
    phases["load"] = seconds_between(worker.running_since, pod.ready_since) if worker is not None else None
    phases["ready"] = seconds_between(pod.created, pod.ready_since)
    return {name: max(seconds, 0.0) for name, seconds in phases.items() if seconds is not None}


def _was(previous: Mapping[str, Any], name: str, status: str, reason: str) -> bool:
    wanted = (name, status, reason)
    return any((c["type"], c["status"], c["reason"]) == wanted for c in previous.get("conditions") or [])
