"""What one look decides about a bundle: whether its pods may be made, and what is known about it from then on. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from modelbundle_operator.api.status import Layer, Retry
from modelbundle_operator.api.times import timestamp
from modelbundle_operator.judge.giving_back import next_retry
from modelbundle_operator.judge.jobs import Precheck
from modelbundle_operator.judge.layers import lost, made, newest
from modelbundle_operator.judge.observation import Observation
from modelbundle_operator.judge.precheck import Step, next_step, passed, took, unplaced


@dataclass(frozen=True)
class Decision:
    """The next step, and of an Observation what follows from it."""

    step: Step = Step.START
    retry: Retry | None = None
    precheck: Precheck | None = None
    checked: str = ""
    check_seconds: float | None = None
    layer: Layer | None = None
    built: Layer | None = None


def decide(seen: Observation, has_deployment: bool, artifact_uri: str) -> Decision:
    """What follows from what is seen, `checked` and `layer` being what was known before."""
    retry = next_retry(seen)
    step = next_step(replace(seen, retry=retry))
    decision = Decision(step, retry, seen.precheck, seen.checked, layer=seen.layer)
    if step is Step.START and not has_deployment:
        decision = replace(decision, retry=None)  # no pod of it has failed yet
    if step is Step.START and seen.precheck is not None:
        decision = replace(decision, precheck=None, **_passed(seen, seen.precheck, artifact_uri))
    if not seen.wanted:
        return decision
    layer = decision.layer
    if layer is None or layer.uri is None:  # else another bundle's was there first, and its own Job may have used it
        layer = newest(layer, decision.built)
    return replace(decision, layer=newest(layer, lost(layer, seen.pods, seen.now)))


def _passed(seen: Observation, precheck: Precheck, artifact_uri: str) -> dict[str, Any]:
    """What a Job has shown; where it was given up, nothing but that no node took it."""
    job, pods = precheck.job, seen.tried
    if not passed(job, pods, seen.now):
        return {"built": _not_built(seen, precheck)}
    built = made(job, pods, artifact_uri, seen.now)
    return {
        "checked": precheck.inputs,
        "check_seconds": took(job, pods, seen.now),
        "built": built if built is not None and built.inputs == precheck.layer else None,
    }


def _not_built(seen: Observation, precheck: Precheck) -> Layer | None:
    """That the Job of a layer found no node, so that not each clone waits as long for the same."""
    why = "" if precheck.required else unplaced(seen)
    if not why:
        return None
    return Layer(inputs=precheck.layer, message=f"the Job {precheck.name} had {why}", time=timestamp(seen.now))
