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

from bundle_spec.connection_age import LONGEST_SECONDS
from modelbundle_operator.api.base import Body
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

# for the rules of every node to follow the EndpointSlices
PROPAGATION_SECONDS = 5.0
# between two looks at EndpointSlices that have not followed the selector yet
FOLLOWED_SECONDS = 1.0


@dataclass(frozen=True)
class BundleState:
    """A bundle as an endpoint sees it."""

    name: str
    exists: bool = False
    ready: bool = False  # pods of this digest answer right now
    stalled: bool = False
    digest: str = ""
    words: str = ""


@dataclass(frozen=True)
class Backends:
    """What answers behind the Service, by itself: pods outlive the status of their bundle, and the bundle."""

    digest: str  # whole; empty when nothing answers
    pods: int
    bundle: BundleState  # of the name that the selector has


@dataclass(frozen=True)
class Route:
    """Where the Service points: at which bundle and digest, since when, and what may linger until when."""

    bundle: str
    digest: str = ""  # as in the label; empty before the first bundle was Ready
    moved_from: str = ""
    moved_at: str = ""
    until: str = ""


def bundle_state(name: str, body: Body | None, answering: int) -> BundleState:
    """What is known of a bundle; `answering` counts its ready pods as the watch has them."""
    if body is None or body["metadata"].get("deletionTimestamp"):
        return BundleState(name, words="is being deleted" if body else "does not exist in this namespace")
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
    return BundleState(
        name=name,
        exists=True,
        ready=serves,
        stalled=conditions.get("Stalled", {}).get("status") == "True",
        digest=status.get("digest") or "",
        words=words,
    )


def current_route(service: Body | None) -> Route | None:
    """Where a Service points, by itself; None when it does not exist or is not of our making."""
    if service is None:
        return None
    selector = service["spec"].get("selector") or {}
    notes: Mapping[str, str] = service["metadata"].get("annotations") or {}
    if LABEL_BUNDLE not in selector:
        return None
    return Route(
        selector[LABEL_BUNDLE],
        selector.get(LABEL_DIGEST, ""),
        notes.get(ANNOTATION_MOVED_FROM, ""),
        notes.get(ANNOTATION_MOVED_AT, ""),
        notes.get(ANNOTATION_MOVED_UNTIL, ""),
    )


def next_route(live: Route | None, wanted: BundleState, now: datetime) -> Route:
    """Where it is to point: at the wanted bundle once that is Ready, else where it does.

    Until a first bundle was Ready there is nothing to lose, and the name is kept by pointing at what is wanted.
    """
    short = short_digest(wanted.digest)
    if live is not None and (live.bundle, live.digest) == (wanted.name, short):
        return live
    if live is None or not live.digest:
        return Route(wanted.name, short if wanted.ready else "")
    if not wanted.ready:
        return live
    return Route(wanted.name, short, live.bundle, _time(now))


def slices_followed(route: Route, slices: list[Body], pods: Iterable[Pod]) -> bool:
    """Whether Kubernetes has followed the selector: the endpoints are pods of this bundle and digest alone."""
    ours = {pod.name for pod in pods if pod.label == route.digest}
    found = [(end.get("targetRef") or {}).get("name") for each in slices for end in each.get("endpoints") or []]
    return bool(found) and set(found) <= ours


def with_drain_deadline(route: Route, now: datetime) -> Route:
    """Kubernetes has followed: from now on it is known when the last connection to the former bundle ends."""
    return replace(route, until=_time(now + timedelta(seconds=PROPAGATION_SECONDS + LONGEST_SECONDS)))


def service(endpoint: ModelEndpoint, route: Route) -> Body:
    """The Service of the endpoint's name."""
    selector = {LABEL_BUNDLE: route.bundle, **({LABEL_DIGEST: route.digest} if route.digest else {})}
    notes = {
        ANNOTATION_MOVED_FROM: route.moved_from,
        ANNOTATION_MOVED_AT: route.moved_at,
        ANNOTATION_MOVED_UNTIL: route.until,
    }
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


def requeue_after(route: Route, now: datetime) -> float | None:
    """Seconds until a move is worth another look; None when none is under way."""
    if not route.moved_at:
        return None
    if not route.until:
        return FOLLOWED_SECONDS
    left = (datetime.fromisoformat(route.until) - now).total_seconds()
    return left if left > 0 else None


def observe_backends(route: Route, bundle: BundleState, pods: Sequence[Pod]) -> Backends:
    """`pods` are those of the bundle's name that count."""
    answering = [pod for pod in pods if pod.ready and route.digest == short_digest(pod.digest)]
    return Backends(answering[0].digest if answering else "", len(answering), bundle)


def judge_endpoint(route: Route, wanted: BundleState, backends: Backends, url: str, *, moving: bool) -> Judgement:
    """The conditions: whether pods answer, which, and what is awaited."""
    reason = Reason.BUNDLE_NOT_READY if wanted.exists else Reason.BUNDLE_NOT_FOUND
    waits = f"ModelBundle {wanted.name} {wanted.words}"
    there = route.bundle == wanted.name and route.digest == short_digest(wanted.digest)
    if backends.pods and moving:
        text = (
            f"The endpoint moves from ModelBundle {route.moved_from} to {route.bundle}, which answers new connections"
            f" to {url}. {_drain_words(route)}"
        )
        verdicts = [_ready("True", Reason.MOVING, text)]
    elif backends.pods:
        verdicts = [_ready("True", Reason.SERVING, _answering(route, backends, url))]
    else:
        text = f"Nothing answers: {waits}. The endpoint goes on by itself once it is Ready."
        verdicts = [_ready("False", reason, text)]
    if there and backends.pods:
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


def status_fields(route: Route, backends: Backends, url: str, *, moving: bool) -> Body:
    """What of the status is no condition: who answers, and only when nobody else does."""
    status: Body = {"endpoint": {"url": url}}
    if moving:
        status["moving"] = {
            "from": route.moved_from,
            "to": route.bundle,
            **({"until": route.until} if route.until else {}),
        }
    elif backends.pods:
        status["digest"] = backends.digest
        if _is_that_bundle(backends):
            status["bundle"] = route.bundle
    return status


def _is_that_bundle(backends: Backends) -> bool:
    """Whether the bundle of the name still says that it is what answers."""
    return backends.bundle.digest == backends.digest


def _answering(route: Route, backends: Backends, url: str) -> str:
    if _is_that_bundle(backends):
        return f"ModelBundle {route.bundle} answers at {url}/predict."
    pods = "1 pod answers" if backends.pods == 1 else f"{backends.pods} pods answer"
    was = f"{pods} at {url}/predict with {backends.digest}, which ModelBundle {route.bundle} was before"
    return f"{was}. Now it {backends.bundle.words}."


def _drain_words(route: Route) -> str:
    if not route.until:
        return f"Keep {route.moved_from}: Kubernetes has not turned all connections over yet."
    return f"Keep {route.moved_from} until {route.until}: it answers connections that clients keep open until then."


def _ready(status: Truth, reason: str, message: str) -> Verdict:
    return Verdict(ConditionType.READY, status, reason, message)


def _time(moment: datetime) -> str:
    """Whole seconds, and never too early."""
    return (moment + timedelta(seconds=0.999999)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
