"""Where a ModelEndpoint points, and what is said of it: pure functions of the endpoint, its Service and the bundles.

The Service's selector is what moves. It names bundle and digest, so a bundle that is deleted and created anew with
other content under its name is another one here too. The selector and the time at which it last moved are one write.

A move has two ends. New connections reach the new bundle as soon as the selector has reached every node; connections
that clients keep open stay with the old one until its server ends them, which it does within LONGEST_SECONDS. Only then
is the move reported, so that no request which is sent after the report meets the old bundle (docs/adr/0006).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bundle_spec.connection_age import LONGEST_SECONDS
from modelbundle_operator.api.endpoint import ModelEndpoint
from modelbundle_operator.api.names import (
    ANNOTATION_MOVED_AT,
    ANNOTATION_MOVED_FROM,
    ANNOTATION_MOVED_UNTIL,
    LABEL_BUNDLE,
    LABEL_DIGEST,
    LABEL_ENDPOINT,
    LABEL_MANAGED_BY,
    MANAGED_BY,
    SERVICE_PORT,
    ConditionType,
    Reason,
)
from modelbundle_operator.api.verdict import Truth, Verdict
from modelbundle_operator.bundle.naming import endpoint_owner, short_digest
from modelbundle_operator.errors import Terminal
from modelbundle_operator.judge.observation import Pod
from modelbundle_operator.judge.readiness import Judgement
from modelbundle_operator.render.containers import HTTP_PORT

Body = dict[str, Any]

# for the rules of every node to follow the EndpointSlices
PROPAGATION_SECONDS = 5.0
# between two looks at EndpointSlices that have not followed the selector yet
FOLLOWED_SECONDS = 1.0


@dataclass(frozen=True)
class Candidate:
    """A bundle as an endpoint sees it."""

    name: str
    exists: bool = False
    ready: bool = False  # pods of this digest answer right now
    stalled: bool = False
    digest: str = ""
    words: str = ""


@dataclass(frozen=True)
class Behind:
    """What answers behind the Service, by itself: pods outlive the status of their bundle, and the bundle."""

    digest: str  # whole; empty when nothing answers
    pods: int
    bundle: Candidate  # of the name that the selector has


@dataclass(frozen=True)
class Pointed:
    """Where the Service points: at which bundle and digest, since when, and what may linger until when."""

    bundle: str
    digest: str = ""  # as in the label; empty before the first bundle was Ready
    moved_from: str = ""
    moved_at: str = ""
    until: str = ""


def candidate(name: str, body: Body | None, answering: int) -> Candidate:
    """What is known of a bundle; `answering` counts its ready pods as the watch has them."""
    if body is None or body["metadata"].get("deletionTimestamp"):
        return Candidate(name, words="is being deleted" if body else "does not exist in this namespace")
    status = body.get("status") or {}
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    ready = conditions.get("Ready") or {}
    serves = (ready.get("status"), ready.get("reason")) == ("True", Reason.SERVING) and answering > 0
    if ready.get("reason") == Reason.STORED:
        words = f"is stored only: `kubectl scale mbun {name} --replicas=1` serves it"
    elif ready.get("status") == "True":
        words = "has no pod that answers right now"
    elif ready:
        words = f"is not Ready: {ready['reason']}: {ready['message'].rstrip('. ')}"
    else:
        words = "is not Ready yet"
    return Candidate(
        name=name,
        exists=True,
        ready=serves,
        stalled=conditions.get("Stalled", {}).get("status") == "True",
        digest=status.get("digest") or "",
        words=words,
    )


def pointed(service: Body | None) -> Pointed | None:
    """Where a Service points, by itself; None when it does not exist or is not of our making."""
    if service is None:
        return None
    selector = service["spec"].get("selector") or {}
    notes: Mapping[str, str] = service["metadata"].get("annotations") or {}
    if LABEL_BUNDLE not in selector:
        return None
    return Pointed(
        selector[LABEL_BUNDLE],
        selector.get(LABEL_DIGEST, ""),
        notes.get(ANNOTATION_MOVED_FROM, ""),
        notes.get(ANNOTATION_MOVED_AT, ""),
        notes.get(ANNOTATION_MOVED_UNTIL, ""),
    )


def point(now_at: Pointed | None, wanted: Candidate, now: datetime) -> Pointed:
    """Where it is to point: at the wanted bundle once that is Ready, else where it does.

    Until a first bundle was Ready there is nothing to lose, and the name is kept by pointing at what is wanted.
    """
    short = short_digest(wanted.digest)
    if now_at is not None and (now_at.bundle, now_at.digest) == (wanted.name, short):
        return now_at
    if now_at is None or not now_at.digest:
        return Pointed(wanted.name, short if wanted.ready else "")
    if not wanted.ready:
        return now_at
    return Pointed(wanted.name, short, now_at.bundle, _time(now))


def followed(at: Pointed, slices: list[Body], pods: Iterable[Pod]) -> bool:
    """Whether Kubernetes has followed the selector: the endpoints are pods of this bundle and digest alone."""
    ours = {pod.name for pod in pods if pod.label == at.digest}
    found = [(end.get("targetRef") or {}).get("name") for each in slices for end in each.get("endpoints") or []]
    return bool(found) and set(found) <= ours


def lingering(at: Pointed, now: datetime) -> Pointed:
    """Kubernetes has followed: from now on it is known when the last connection to the former bundle ends."""
    return replace(at, until=_time(now + timedelta(seconds=PROPAGATION_SECONDS + LONGEST_SECONDS)))


def service(endpoint: ModelEndpoint, at: Pointed) -> Body:
    """The Service of the endpoint's name."""
    selector = {LABEL_BUNDLE: at.bundle, **({LABEL_DIGEST: at.digest} if at.digest else {})}
    notes = {ANNOTATION_MOVED_FROM: at.moved_from, ANNOTATION_MOVED_AT: at.moved_at, ANNOTATION_MOVED_UNTIL: at.until}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": endpoint.metadata.name,
            "namespace": endpoint.metadata.namespace,
            "labels": {LABEL_MANAGED_BY: MANAGED_BY, LABEL_ENDPOINT: endpoint.metadata.name},
            "annotations": {name: value for name, value in notes.items() if value},
            "ownerReferences": [endpoint_owner(endpoint)],
        },
        "spec": {
            "type": "ClusterIP",
            "selector": selector,
            "ports": [{"name": "http", "port": SERVICE_PORT, "targetPort": HTTP_PORT, "protocol": "TCP"}],
        },
    }


def settles_in(at: Pointed, now: datetime) -> float | None:
    """Seconds until a move is worth another look; None when none is under way."""
    if not at.moved_at:
        return None
    if not at.until:
        return FOLLOWED_SECONDS
    left = (datetime.fromisoformat(at.until) - now).total_seconds()
    return left if left > 0 else None


def behind(at: Pointed, bundle: Candidate, pods: Sequence[Pod]) -> Behind:
    """`pods` are those of the bundle's name that count."""
    answering = [pod for pod in pods if pod.ready and at.digest == short_digest(pod.digest)]
    return Behind(answering[0].digest if answering else "", len(answering), bundle)


def judge_endpoint(at: Pointed, wanted: Candidate, now: Behind, url: str, *, moving: bool) -> Judgement:
    """The conditions: whether pods answer, which, and what is awaited."""
    reason = Reason.BUNDLE_NOT_READY if wanted.exists else Reason.BUNDLE_NOT_FOUND
    waits = f"ModelBundle {wanted.name} {wanted.words}"
    there = at.bundle == wanted.name and at.digest == short_digest(wanted.digest)
    if now.pods and moving:
        text = (
            f"The endpoint moves from ModelBundle {at.moved_from} to {at.bundle}, which answers new connections to"
            f" {url}. {_lingering(at)}"
        )
        verdicts = [_ready("True", Reason.MOVING, text)]
    elif now.pods:
        verdicts = [_ready("True", Reason.SERVING, _answering(at, now, url))]
    else:
        text = f"Nothing answers: {waits}. The endpoint goes on by itself once it is Ready."
        verdicts = [_ready("False", reason, text)]
    if there and now.pods:
        if moving:
            verdicts.append(Verdict(ConditionType.RECONCILING, "True", Reason.MOVING, verdicts[0].message))
        return Judgement(tuple(verdicts))
    if wanted.stalled:
        text = f"{waits}. It stays so: name another bundle in spec.bundle, or put this one right."
        verdicts.append(Verdict(ConditionType.STALLED, "True", reason, text))
    else:
        text = f"{waits}. The endpoint moves once it is Ready."
        verdicts.append(Verdict(ConditionType.RECONCILING, "True", reason, text))
    return Judgement(tuple(verdicts))


def endpoint_blocked(reason: str, message: str) -> Judgement:
    """The conditions of an endpoint whose Service cannot be written."""
    return Judgement((_ready("False", reason, message), Verdict(ConditionType.RECONCILING, "True", reason, message)))


def endpoint_unreadable(error: Terminal) -> Judgement:
    """The conditions of an endpoint that a CRD of another version let through."""
    verdict = Verdict(ConditionType.STALLED, "True", error.reason, error.message)
    return Judgement((_ready("False", error.reason, error.message), verdict))


def status_fields(at: Pointed, now: Behind, url: str, *, moving: bool) -> Body:
    """What of the status is no condition: who answers, and only when nobody else does."""
    status: Body = {"endpoint": {"url": url}}
    if moving:
        status["moving"] = {"from": at.moved_from, "to": at.bundle, **({"until": at.until} if at.until else {})}
    elif now.pods:
        status["digest"] = now.digest
        if _is_that_bundle(now):
            status["bundle"] = at.bundle
    return status


def _is_that_bundle(now: Behind) -> bool:
    """Whether the bundle of the name still says that it is what answers."""
    return now.bundle.digest == now.digest


def _answering(at: Pointed, now: Behind, url: str) -> str:
    if _is_that_bundle(now):
        return f"ModelBundle {at.bundle} answers at {url}/predict."
    pods = "1 pod answers" if now.pods == 1 else f"{now.pods} pods answer"
    was = f"{pods} at {url}/predict with {now.digest}, which ModelBundle {at.bundle} was before"
    return f"{was}. Now it {now.bundle.words}."


def _lingering(at: Pointed) -> str:
    if not at.until:
        return f"Keep {at.moved_from}: Kubernetes has not turned all connections over yet."
    return f"Keep {at.moved_from} until {at.until}: it answers connections that clients keep open until then."


def _ready(status: Truth, reason: str, message: str) -> Verdict:
    return Verdict(ConditionType.READY, status, reason, message)


def _time(moment: datetime) -> str:
    """Whole seconds, and never too early."""
    return (moment + timedelta(seconds=0.999999)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
