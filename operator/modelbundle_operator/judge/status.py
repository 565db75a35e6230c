"""The one place where `status` is put together: a pure function of what was judged and what was said before."""

from datetime import datetime
from typing import cast

from bundle_spec.startup import CHECK, WHOLE, slowest
from modelbundle_operator.api.names import ModelBundle
from modelbundle_operator.api.status_fields import (
    CommonStatusFields,
    ConditionFields,
    LastFailureFields,
    LayerFields,
    LineageFields,
    RequirementsFields,
    ResolvedFields,
    RetryFields,
    StatusFields,
)
from modelbundle_operator.api.times import timestamp
from modelbundle_operator.api.verdict import Verdict
from modelbundle_operator.bundle.images import worker_image
from modelbundle_operator.bundle.naming import endpoint_url, selector
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.judge.evidence import Run
from modelbundle_operator.judge.failures import Failure
from modelbundle_operator.judge.judgement import Judgement
from modelbundle_operator.judge.observation import Observation, Pod, RunningPods
from modelbundle_operator.judge.startup import is_another_start, startup, with_check
from modelbundle_operator.settings import Settings

LONGEST_MESSAGE = 4000


def identity(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> StatusFields:
    """What follows from what is to run alone."""
    status: StatusFields = {
        "digest": resolution.digest,
        "image": worker_image(resolution.document, settings),
        "endpoint": {"url": endpoint_url(bundle)},
        "lineage": cast(LineageFields, resolution.lineage.model_dump(by_alias=True, exclude_none=True)),
    }
    if resolution.record is not None:
        status["resolved"] = cast(ResolvedFields, resolution.record.model_dump(by_alias=True, exclude_none=True))
    return status


def kept_identity(previous: StatusFields) -> StatusFields:
    """The same where nothing can be resolved: what was said before. A clone's content stands in its status alone."""
    return _only(previous, ("digest", "image", "endpoint", "lineage", "resolved"))


def summarise(
    previous: StatusFields,
    generation: int,
    bundle_name: str,
    judgement: Judgement,
    now: datetime,
    running: RunningPods,
    about: StatusFields | None = None,
) -> StatusFields:
    """The whole status, of a bundle that was judged by its pods or of one that is hindered; `about`: its identity."""
    status: StatusFields = {
        "observedGeneration": generation,
        "conditions": conditions(previous, judgement.conditions, generation, now),
        "replicas": sum(not pod.job for pod in running.pods),
        "readyReplicas": len(running.serving),
        "selector": ",".join(f"{label}={value}" for label, value in sorted(selector(bundle_name).items())),
    }
    status.update(about or {})
    status.update(_only(previous, ("imageID", "requirements", "startup", "slowest", "checked")))
    if (layer := _layer(previous, running)) is not None:
        status["layer"] = layer
    if isinstance(running, Observation) and running.checked:
        status["checked"] = running.checked
        if running.check_seconds is not None and WHOLE not in status.get("startup", {}):
            status["startup"] = {CHECK: running.check_seconds}
    if judgement.first_run is not None:
        status.update(_what_ran_first(judgement.first_run))
    if judgement.first_ready is not None and is_another_start(previous, judgement.first_ready):
        _add_start(status, judgement.first_ready)
    if (last := _last_failure(previous, judgement, generation, now)) is not None:
        status["lastFailure"] = last
    if (retry := _retry(previous, generation, running)) is not None:
        status["retry"] = retry
    return status


def worth_writing(before: CommonStatusFields, after: CommonStatusFields) -> bool:
    """Whether a status says something new; of a failure that only repeats, whether its count has doubled."""
    old = cast(LastFailureFields, before.get("lastFailure") or {})
    new = cast(LastFailureFields, after.get("lastFailure") or {})
    if {**before, "lastFailure": {**old, "count": 0}} != {**after, "lastFailure": {**new, "count": 0}}:
        return True
    return new.get("count", 0) >= 2 * old.get("count", 0) and old != new


def conditions(
    previous: CommonStatusFields, verdicts: tuple[Verdict, ...], generation: int, now: datetime
) -> list[ConditionFields]:
    """The conditions as they are written; a condition whose status stays keeps the time of its last transition."""
    before = {condition["type"]: condition for condition in previous.get("conditions") or []}

    def condition(verdict: Verdict) -> ConditionFields:
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
    previous: StatusFields, judgement: Judgement, generation: int, now: datetime
) -> LastFailureFields | None:
    """The first cause since the bundle was last whole. What comes after a first cause is often only its echo."""
    if judgement.complete:
        return None
    old = previous.get("lastFailure")
    if old is not None and previous.get("observedGeneration") != generation:
        old = None  # another way of serving was asked for: what failed before may be fixed
    new = judgement.failure
    if new is None or (old is not None and old.get("reason") != new.reason):
        return old
    written = _failure(new, now)
    written["count"] = max(new.count, old.get("count", 0) if old else 0)
    if old and "time" in old:
        written["time"] = old["time"]
    return written


def _retry(previous: StatusFields, generation: int, running: RunningPods) -> RetryFields | None:
    """What was decided; where nothing could be decided, what was decided before for the same spec."""
    if isinstance(running, Observation):
        made = running.retry.model_dump(by_alias=True, exclude_none=True) if running.retry is not None else None
        return cast(RetryFields | None, made)
    return previous.get("retry") if previous.get("observedGeneration") == generation else None


def _layer(previous: StatusFields, running: RunningPods) -> LayerFields | None:
    """What counts now; where nothing could be looked at, what was said before."""
    if isinstance(running, Observation):
        known = running.layer.model_dump(by_alias=True, exclude_none=True) if running.layer is not None else None
        return cast(LayerFields | None, known)
    return previous.get("layer")


def _failure(failure: Failure, now: datetime) -> LastFailureFields:
    written: LastFailureFields = {
        "reason": str(failure.reason),
        "message": failure.message[:LONGEST_MESSAGE],
        "time": timestamp(failure.time or now),
    }
    if failure.container is not None:
        written["container"] = failure.container
    if failure.exit_code is not None:
        written["exitCode"] = failure.exit_code
    return written


def _what_ran_first(first: Run) -> StatusFields:
    """Its image and what was installed, from the first pod that ever answered: what later ones are compared with."""
    listed: RequirementsFields = {}
    if first.requirements:
        listed["digest"] = first.requirements
    if first.count is not None:
        listed["count"] = first.count
    if first.files:
        listed["files"] = first.files
    if first.from_source:
        listed["fromSource"] = list(first.from_source)
    status: StatusFields = {}
    if first.image_id:
        status["imageID"] = first.image_id
    if listed:
        status["requirements"] = listed
    return status


def _add_start(status: StatusFields, pod: Pod) -> None:
    """How long each part of the start took, and which of them took longest; with the Job's, which the status may have
    since this very look."""
    found = startup(pod)
    if not found:
        return
    status["startup"] = with_check(status.get("startup", {}), found)
    status.pop("slowest", None)
    if words := slowest(found):
        status["slowest"] = words


def _only(status: StatusFields, names: tuple[str, ...]) -> StatusFields:
    return cast(StatusFields, {name: value for name, value in status.items() if name in names})
