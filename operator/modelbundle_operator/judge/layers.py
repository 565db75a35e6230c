"""The layer of a bundle's requirements: what its Job has made, whether it was lost, and what counts (docs/adr/0038).

Pure. The bundles of a namespace say in their status what they know of a layer, by the hash of what it depends on, and
the newest word counts: a layer that was made, that could not be, or that a pod did not find any more.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bundle_runtime.contract.layer import BROKEN, MISMATCH, NOT_FOUND, REASONS, LayerReference, layer_reference
from modelbundle_operator.api.names import Reason
from modelbundle_operator.api.status import Layer
from modelbundle_operator.api.times import own_time, parse_time, seconds_between, timestamp
from modelbundle_operator.judge.jobs import Job
from modelbundle_operator.judge.observation import PREPARE, Pod
from modelbundle_operator.judge.packing import installed, outcome, packed
from modelbundle_operator.judge.reports import Report, brief, told_digest

# keys that may not write stay so, and each try installs once more than the pods do
AGAIN_SECONDS = 86_400.0
# by which clocks of nodes and operators may be ahead; what is said of later than that would count until then
AHEAD = timedelta(hours=1)
# prepare's reasons by which no other pod will find it either
_LOST = (NOT_FOUND, MISMATCH, BROKEN)


class NotUsed(NamedTuple):
    """Why a container did not use a layer: in one word, and in words; `sha256` of the packed file, where it says so."""

    why: str
    words: str
    sha256: str


def is_understood(layer: Layer) -> bool:
    """Whether it has the form in which it is written here: somebody else may have the right to write a status too."""
    if own_time(layer.time) is None:
        return False
    return layer.uri is None or (layer.message is None and layer_reference(layer.model_dump()) is not None)


def until(now: datetime, said: Iterable[Layer]) -> list[Layer]:
    """What can have been said by now."""
    latest = timestamp(now + AHEAD)
    return [layer for layer in said if layer.time <= latest]


def newest(*found: Layer | None) -> Layer | None:
    """What counts: the latest word."""
    return max((layer for layer in found if layer is not None), key=_order, default=None)


def is_to_be_made(known: Layer | None, now: datetime) -> bool:
    """Whether a Job that runs anyway, or for bundles of many pods, is to make it."""
    if known is None or (known.uri is None and known.sha256 is not None):
        return True
    waited = seconds_between(parse_time(known.time), now)
    return known.uri is None and (waited is None or waited >= AGAIN_SECONDS)


def made(job: Job | None, pods: Iterable[Pod], artifact_uri: str, now: datetime) -> Layer | None:
    """What a Job tells of the layer that it was to make; None where it was to make none, or has itself used one that
    another bundle had made by then, or its pods are gone."""
    if job is None or not job.layer:
        return None
    own = [pod for pod in pods if pod.job == job.uid and not _has_used_one(pod)]
    ends = [end for pod in own if (end := packed(pod, now)) is not None]
    found = [_layer(job.layer, outcome(end, artifact_uri), _credible(end.at, now) or now) for end in ends]
    return next((layer for layer in found if layer.uri), next(iter(found), None))


def lost(known: Layer | None, pods: Iterable[Pod], now: datetime) -> Layer | None:
    """That the layer is there no more, by the word of a prepare that has looked for it since it was made."""
    if known is None or known.uri is None:
        return None
    for pod in pods:
        prepare = pod.containers.get(PREPARE)
        end = prepare.completed if prepare is not None else None
        said = not_used(end.report) if end is not None else None
        looked = (_credible(end.finished, now) or pod.created) if end is not None else None
        if looked is None or said is None or timestamp(looked) <= known.time:
            continue
        if said.why in _LOST and said.sha256 in ("", known.sha256):
            message = (
                f"the layer {known.digest} was lost, and the next bundle that is tried makes it again: {said.words}"
            )
            return Layer(inputs=known.inputs, sha256=known.sha256, message=message, time=timestamp(looked))
    return None


def not_used(report: Report | None) -> NotUsed | None:
    """What a container says of a layer that it did not use."""
    said: Any = report.more.get("layerFailed") if report is not None and report.reason == Reason.COMPLETED else None
    if not isinstance(said, dict) or said.get("why") not in REASONS:
        return None
    why, words, sha256 = str(said["why"]), said.get("message"), said.get("sha256")
    words = brief(words) if isinstance(words, str) and words else why
    return NotUsed(why, words, sha256 if isinstance(sha256, str) else "")


def digest_of(report: Report | None) -> str:
    """The name of the layer that install says to have found in place of installing; empty where it says of none."""
    return told_digest(report.more.get("layer")) if report is not None and report.reason == Reason.COMPLETED else ""


def _has_used_one(pod: Pod) -> bool:
    install = installed(pod)
    return install is not None and bool(digest_of(install.report))


def _credible(told: datetime | None, now: datetime) -> datetime | None:
    """A moment by a node's clock; None where that is far ahead, as each of its words would be the newest."""
    return None if told is None or told > now + AHEAD else told


def _order(layer: Layer) -> tuple[str, ...]:
    """By time, which is always written alike; of two at the same time the same one always comes last."""
    return layer.time, layer.uri or "", layer.sha256 or "", layer.message or ""


def _layer(inputs: str, outcome: LayerReference | str, at: datetime) -> Layer:
    if isinstance(outcome, str):
        return Layer(inputs=inputs, message=outcome, time=timestamp(at))
    return Layer(inputs=inputs, time=timestamp(at), **outcome.as_dict())
