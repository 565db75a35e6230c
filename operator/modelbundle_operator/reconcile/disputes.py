"""Children that another client changes again and again: how long to leave such a change, and whose it is.

A change by others is undone at once. Where the other one is a controller it comes back, and each round may restart
every pod. So from the sixth time on the operator leaves it for a while before it undoes it, longer each time, and the
owner's condition names the other one's field manager. What the owner's own edit asks for is never left.

An admission webhook that changes what the operator sends is no such client: what the API server answers stays as it
is, so sending the same again is of no use.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modelbundle_operator.api.base import Body
from modelbundle_operator.api.differs import differs
from modelbundle_operator.api.names import Metadata
from modelbundle_operator.judge.reports import quoted
from modelbundle_operator.kube.kept import controller_of
from modelbundle_operator.kube.kinds import ALL_CHILD_KINDS
from modelbundle_operator.loop.backoff import backoff
from modelbundle_operator.reconcile.drift import foreign_fields, foreign_managers

UNDONE_AT_ONCE = 5
FIRST_SECONDS = 2.0
# a change of a Deployment restarts pods; one of another child may lead requests astray
LONGEST_SECONDS = {"Deployment": 300.0}
LONGEST_SECONDS_OF_OTHERS = 10.0
# a child that nobody has changed for so long is not disputed any more
QUIET = timedelta(seconds=600)
# so many are remembered, the latest: some hundred bytes each
MOST = 10_000

Ref = tuple[str, str, str]


def pause_before(kind: str, undone: int) -> timedelta:
    """How long a change is left that was undone so often in a row."""
    if undone < UNDONE_AT_ONCE:
        return timedelta()
    longest = LONGEST_SECONDS.get(kind, LONGEST_SECONDS_OF_OTHERS)
    return timedelta(seconds=backoff(undone - UNDONE_AT_ONCE, first=FIRST_SECONDS, longest=longest))


def is_within(since: datetime, span: timedelta, now: datetime) -> bool:
    """Whether so much time has not passed since then; where the clock was set back meanwhile, it has."""
    return since <= now < since + span


@dataclass(frozen=True)
class Dispute:
    """What was last applied to a child and when, what the API server made of it, and how often others changed that."""

    owner: str  # its uid: a successor of the same name begins anew
    applied: str
    content: str  # of that, without annotations
    answer: str  # the content that came of it; empty until that is known
    at: datetime
    undone: int = 0
    managers: tuple[str, ...] = ()

    def lasts(self, now: datetime) -> bool:
        """Whether others have changed it so often, and lately, that it counts as disputed."""
        return self.undone >= UNDONE_AT_ONCE and is_within(self.at, QUIET, now)


class Disputes:
    """The last apply of each child that needed one. In memory: after a restart changes are undone at once again."""

    def __init__(self) -> None:
        self._last: dict[Ref, Dispute] = {}  # the oldest comes first
        self._told: dict[Ref, tuple[str, tuple[str, ...], datetime]] = {}  # owner, managers, when; likewise

    def leaves(self, live: Body, wanted: Body, now: datetime) -> bool:
        """Whether `live`, which is not as wanted, is left as it is for now."""
        last = self._last.get(_ref(wanted))
        if last is None or last.owner != _owner(wanted):
            return False
        if last.applied == _fingerprint(wanted) and last.answer == _content(live) and not _notes_differ(live, wanted):
            return True
        again = last.content == _content(wanted) and _changed(live, wanted)
        return again and is_within(last.at, pause_before(wanted["kind"], last.undone), now)

    def applied(self, before: Body, wanted: Body, now: datetime) -> None:
        """`wanted` was applied to `before`."""
        new = Dispute(_owner(wanted), _fingerprint(wanted), _content(wanted), "", now)
        last = self._last.pop(_ref(wanted), None)
        if (
            last is not None
            and (last.owner, last.content) == (new.owner, new.content)
            and is_within(last.at, QUIET, now)
        ):
            again = bool(last.answer) and _changed(before, wanted)  # else the same change once more: a write failed
            managers = foreign_managers(before) if again else last.managers
            new = replace(new, undone=last.undone + again, managers=managers)
        self._last[_ref(wanted)] = new
        while len(self._last) > MOST or now >= next(iter(self._last.values())).at + QUIET:
            del self._last[next(iter(self._last))]

    def answered(self, wanted: Body, answer: Body) -> None:
        """All of it went well, what others had added is removed too, and this came of it."""
        if (last := self._last.get(_ref(wanted))) is not None:
            self._last[_ref(wanted)] = replace(last, answer=_content(answer))

    def untold(self, before: Body, wanted: Body, now: datetime) -> tuple[str, ...]:
        """The field managers whose edit of this child is to be spoken of: none where it has been, lately."""
        managers = foreign_managers(before) if foreign_fields(before) else ()
        owner, told, at = self._told.get(_ref(wanted), ("", (), now))
        is_told = owner == _owner(wanted) and set(managers) <= set(told) and is_within(at, QUIET, now)
        return () if is_told else managers

    def told(self, wanted: Body, managers: tuple[str, ...], now: datetime) -> None:
        """It has been spoken of."""
        self._told.pop(_ref(wanted), None)
        self._told[_ref(wanted)] = (_owner(wanted), managers, now)
        while len(self._told) > MOST or now >= next(iter(self._told.values()))[2] + QUIET:
            del self._told[next(iter(self._told))]

    def forget(self, namespace: str, name: str) -> None:
        """The owner of this name is gone, and its children go."""
        for kind in ALL_CHILD_KINDS:
            self._last.pop((kind, namespace, name), None)
            self._told.pop((kind, namespace, name), None)

    def words(self, owner: Metadata, now: datetime) -> str:
        """Which children of this owner are disputed and by whom; empty when none is."""
        return " ".join(_words(kind, owner.name, each) for kind, each in self._of(owner, now))

    def requeue_after(self, owner: Metadata, now: datetime) -> float | None:
        """Seconds until a change that is left is undone, or a dispute is over."""
        ends = [
            end
            for kind, each in self._of(owner, now)
            for end in (each.at + pause_before(kind, each.undone), each.at + QUIET)
            if end > now
        ]
        return (min(ends) - now).total_seconds() if ends else None

    def _of(self, owner: Metadata, now: datetime) -> list[tuple[str, Dispute]]:
        found = [(kind, self._last.get((kind, owner.namespace, owner.name))) for kind in ALL_CHILD_KINDS]
        return [
            (kind, each) for kind, each in found if each is not None and each.owner == owner.uid and each.lasts(now)
        ]


def _words(kind: str, name: str, dispute: Dispute) -> str:
    managers = quoted(", ".join(dispute.managers)) or "another client"
    return (
        f"The {kind} {name} is changed again and again by {managers} (its field manager). The operator undoes it, at"
        f" growing intervals: have that client leave the {kind} alone, or set in the spec what it sets."
    )


def _ref(body: Body) -> Ref:
    return body["kind"], body["metadata"]["namespace"], body["metadata"]["name"]


def _owner(body: Body) -> str:
    return str((controller_of(body) or {}).get("uid") or "")


def _fingerprint(body: Body) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _content(body: Body) -> str:
    """Of what is applied alone: a status moves, and with it the version."""
    return _fingerprint(_parts(body))


def _parts(body: Body) -> Body:
    parts: Body = {name: body[name] for name in ("spec", "data", "binaryData") if name in body}
    return {**parts, "labels": body["metadata"].get("labels") or {}}


def _notes_differ(live: Body, wanted: Body) -> bool:
    """Whether an annotation or the owner is missing or another one."""
    names = ("annotations", "ownerReferences")
    return differs(live["metadata"], {name: wanted["metadata"][name] for name in names if name in wanted["metadata"]})


def _changed(live: Body, wanted: Body) -> bool:
    """Whether more is to be done than to write annotations, which are the operator's own notes."""
    return bool(foreign_fields(live)) or differs(_parts(live), _parts(wanted))
