"""Where a ModelEndpoint's Service leads, and when it moves: pure functions of the Service and the bundles.

The Service's selector is what moves. It names bundle and digest, so a bundle that is deleted and created again with
other content under its name is another one here too. The selector and the time at which it last moved are one write.

A move has two ends. New connections reach the new bundle as soon as the selector has reached every node; connections
that clients keep open stay with the old one until its server ends them: how soon that is, its pods say (they were made
with an idle time, whatever the bundle says by now). Only then is the move reported, so that no request which is sent
after the report meets the old bundle (docs/adr/0006).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, idle_seconds_of, max_connection_age
from modelbundle_operator.api.base import Body
from modelbundle_operator.api.bundle import NAME, NAME_MAX
from modelbundle_operator.api.names import (
    ANNOTATION_MOVED_AT,
    ANNOTATION_MOVED_FROM,
    ANNOTATION_MOVED_IDLE,
    ANNOTATION_MOVED_UNTIL,
    LABEL_BUNDLE,
    LABEL_DIGEST,
    Reason,
)
from modelbundle_operator.api.times import own_time, seconds_between, timestamp_not_before
from modelbundle_operator.bundle.naming import short_digest

# for the rules of every node to follow the EndpointSlices
PROPAGATION_SECONDS = 5.0
# between two looks at EndpointSlices that have not followed the selector yet: a part of the time it has taken so far
FOLLOWED_SECONDS = 1.0
FOLLOWED_SHARE = 0.1
FOLLOWED_LONGEST_SECONDS = 300.0


@dataclass(frozen=True)
class BundleState:
    """A bundle as an endpoint sees it; `words` end a sentence that begins with its name."""

    name: str
    exists: bool = False
    ready: bool = False  # pods of this digest answer right now
    stalled: bool = False
    digest: str = ""
    words: str = ""


@dataclass(frozen=True)
class Route:
    """Where the Service leads: to which bundle and digest, since when, and until when the former one may answer."""

    bundle: str
    digest: str = ""  # as in the label; empty before the first bundle was Ready
    moved_from: str = ""
    moved_at: str = ""
    until: str = ""
    idle_seconds: int | None = None  # for which what it led to before keeps a connection; None in moves of 0.1.0

    @property
    def drain_seconds(self) -> float:
        """From the moment at which Kubernetes has followed until no connection to the former bundle can be left."""
        idle = DEFAULT_IDLE_SECONDS if self.idle_seconds is None else self.idle_seconds
        return PROPAGATION_SECONDS + max_connection_age(idle)

    def leads_to(self, bundle: BundleState) -> bool:
        """Whether it is this bundle, and the content that it has now."""
        return self.bundle == bundle.name and self.digest == short_digest(bundle.digest)


def bundle_state(name: str, body: Body | None, ready_pods: int) -> BundleState:
    """What is known of a bundle; `ready_pods` counts those of its digest that the watch has seen ready."""
    if body is None or body["metadata"].get("deletionTimestamp"):
        return BundleState(name, words="is being deleted" if body else "does not exist in this namespace")
    status = body.get("status") or {}
    conditions = {condition["type"]: condition for condition in status.get("conditions") or []}
    ready = conditions.get("Ready") or {}
    serves = (ready.get("status"), ready.get("reason")) == ("True", Reason.SERVING) and ready_pods > 0
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


def current_route(service: Body | None, now: datetime) -> Route | None:
    """Where a Service leads; None when there is none, or it is not one of an endpoint."""
    if service is None:
        return None
    selector = service["spec"].get("selector") or {}
    notes: Mapping[str, str] = service["metadata"].get("annotations") or {}
    if LABEL_BUNDLE not in selector:
        return None
    route = Route(selector[LABEL_BUNDLE], selector.get(LABEL_DIGEST, ""))
    before, at = notes.get(ANNOTATION_MOVED_FROM, ""), notes.get(ANNOTATION_MOVED_AT, "")
    # there was no move, or somebody has written something else there
    if own_time(at) is None or not re.fullmatch(NAME, before) or len(before) > NAME_MAX:
        return route
    idle = idle_seconds_of(notes.get(ANNOTATION_MOVED_IDLE, ""))
    return _credible(replace(route, moved_from=before, moved_at=at, idle_seconds=idle), notes, now)


def _credible(route: Route, notes: Mapping[str, str], now: datetime) -> Route:
    """The route with the end of its move, where it has one. One that is further off than any: the clock that it was
    written by has been set back since, or somebody else wrote it. So it is written anew."""
    until = own_time(notes.get(ANNOTATION_MOVED_UNTIL, ""))
    left = seconds_between(now, until)
    ends = left is not None and left <= route.drain_seconds + 1
    return replace(route, until=notes[ANNOTATION_MOVED_UNTIL]) if ends else route


def next_route(current: Route | None, wanted: BundleState, now: datetime, idle_seconds: Iterable[int] = ()) -> Route:
    """Where the Service is to lead: to the wanted bundle once that is Ready, else where it does. `idle_seconds` are
    those of the pods that it leads to.

    Until a first bundle was Ready there is nothing to lose, and the name is held by leading to what is wanted.
    """
    short = short_digest(wanted.digest)
    if current is not None and current.leads_to(wanted):
        return current
    if current is None or not current.digest:
        return Route(wanted.name, short if wanted.ready else "")
    if not wanted.ready:
        return current
    kept = list(idle_seconds)
    if requeue_after(current, now) is not None:  # connections to what it led to before that are not over either
        kept.append(DEFAULT_IDLE_SECONDS if current.idle_seconds is None else current.idle_seconds)
    idle = max(kept, default=DEFAULT_IDLE_SECONDS)
    return Route(wanted.name, short, current.bundle, timestamp_not_before(now), idle_seconds=idle)


def slice_followed(slice_: Body, pods: Collection[str]) -> bool | None:
    """Whether the endpoints of an EndpointSlice are such pods alone, those of the route's bundle and digest: then
    Kubernetes has followed the selector. None where it has no endpoints."""
    found = {(end.get("targetRef") or {}).get("name") for end in slice_.get("endpoints") or []}
    return found <= set(pods) if found else None


def with_drain_deadline(route: Route, now: datetime, idle_seconds: Iterable[int] = ()) -> Route:
    """Kubernetes has followed: from now on it is known when the last connection to the former bundle ends.
    `idle_seconds` are those of its pods: some may have come since it was left."""
    known = [] if route.idle_seconds is None else [route.idle_seconds]
    route = replace(route, idle_seconds=max([*known, *idle_seconds], default=None))
    return replace(route, until=timestamp_not_before(now + timedelta(seconds=route.drain_seconds)))


def requeue_after(route: Route, now: datetime) -> float | None:
    """Seconds until a move is worth another look; None when none is under way."""
    if not route.moved_at:
        return None
    if not route.until:
        taken = seconds_between(own_time(route.moved_at), now) or 0.0
        return min(max(FOLLOWED_SHARE * taken, FOLLOWED_SECONDS), FOLLOWED_LONGEST_SECONDS)
    left = seconds_between(now, own_time(route.until))
    return left if left is not None and left > 0 else None
