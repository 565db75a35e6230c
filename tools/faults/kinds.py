"""The faults: what each does, and where in an undisturbed run it can strike. Each strikes once, where its name says."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

from tools.faults.calls import Call
from tools.faults.proxy import Answer, Client, Cut, Fault, Forward, status

DELAY_SECONDS = 3.0
HANG_SECONDS = 120.0
_GONE = (
    b'{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Expired","code":410}}'
)
_ERRORS = {
    409: ("Conflict", "the object has been modified (by a fault)"),
    429: ("TooManyRequests", "too many requests (by a fault)"),
    500: ("InternalError", "an error on the server (by a fault)"),
    503: ("ServiceUnavailable", "the server is unavailable (by a fault)"),
}


@dataclass
class Kill(Fault):
    """The operator dies before or after its k-th write takes place; `stale`: what it lists as it starts again is what
    there was when the run began."""

    at: int
    after: bool = False
    stale: bool = False
    _left: set[str] = field(default_factory=set)

    async def request(self, client: Client, call: Call, query: str, forward: Forward) -> Answer:
        if self.armed and call.writes and client.writes == self.at:
            self.armed = False
            if self.after:
                await forward()
            self._left = client.kept_lists() if self.stale else set()
            assert client.kill is not None
            await asyncio.shield(client.kill())  # with the operator its connection ends, and with that this task
            raise Cut
        if call.verb == "list" and query in self._left:
            self._left.discard(query)
            return Answer(200, client.lists[query], {"Content-Type": "application/json"})
        return await forward()


@dataclass
class Refuse(Fault):
    """The k-th write, or the k-th read, does not take place: an error comes back."""

    at: int
    code: int
    reads: bool = False

    async def request(self, client: Client, call: Call, query: str, forward: Forward) -> Answer:
        mine, count = (call.reads, client.reads) if self.reads else (call.writes, client.writes)
        if self.armed and mine and count == self.at:
            self.armed = False
            later = {"Retry-After": "1"} if self.code == 429 else {}
            return status(self.code, *_ERRORS[self.code], **later)
        return await forward()


@dataclass
class Lose(Fault):
    """The k-th write takes place without an answer: the connection ends, or hangs until the operator gives up."""

    at: int
    hangs: bool = False

    async def request(self, client: Client, call: Call, query: str, forward: Forward) -> Answer:
        if self.armed and call.writes and client.writes == self.at:
            self.armed = False
            await forward()
            if self.hangs:
                await asyncio.sleep(HANG_SECONDS)  # it is cancelled when the operator gives up
            raise Cut
        return await forward()


@dataclass
class Event(Fault):
    """The k-th event of a resource never comes, comes late with all that follow it, or comes twice."""

    resource: str
    at: int
    what: str  # drop, delay, duplicate

    async def event(self, client: Client, call: Call, line: bytes) -> AsyncIterator[bytes]:
        if not (self.armed and client.marked and call.resource == self.resource and self._now(client)):
            yield line
            return
        self.armed = False
        if self.what == "drop":
            return
        if self.what == "delay":
            await asyncio.sleep(DELAY_SECONDS)
        yield line
        if self.what == "duplicate":
            yield line

    def _now(self, client: Client) -> bool:
        return client.events[self.resource] == self.at


@dataclass
class Expire(Fault):
    """After the k-th event of a resource its watch is too old: said within it, or when it begins again. `stale`: and
    what is then listed, of every resource, is what there was when the run began."""

    resource: str
    at: int
    within: bool = True
    stale: bool = False
    _refuse: bool = False
    _left: set[str] = field(default_factory=set)

    async def event(self, client: Client, call: Call, line: bytes) -> AsyncIterator[bytes]:
        yield line
        if self.armed and client.marked and call.resource == self.resource and client.events[self.resource] == self.at:
            self.armed = False
            if self.stale:
                self._left = client.kept_lists()
            if not self.within:
                self._refuse = True
                raise Cut
            yield _GONE
            raise Cut

    async def watch(self, client: Client, call: Call) -> Answer | None:
        if self._refuse and call.resource == self.resource:
            self._refuse = False
            return status(410, "Expired", "too old resource version (by a fault)")
        return None

    async def request(self, client: Client, call: Call, query: str, forward: Forward) -> Answer:
        if call.verb == "list" and query in self._left:
            self._left.discard(query)
            return Answer(200, client.lists[query], {"Content-Type": "application/json"})
        return await forward()


@dataclass(frozen=True)
class Extent:
    """What an undisturbed run of a scenario did after its mark: where faults can strike."""

    writes: int
    reads: int
    events: dict[str, int]


def undisturbed(_: Extent) -> Iterator[tuple[str, Fault]]:
    yield "once more", Fault()


def kills(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for at in range(1, extent.writes + 1):
        yield f"before write {at}", Kill(at)
        yield f"after write {at}", Kill(at, after=True)


def stale_starts(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for at in range(1, extent.writes + 1):
        yield f"after write {at}", Kill(at, after=True, stale=True)


def refusals(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for code, at in itertools.product(_ERRORS, range(1, extent.writes + 1)):
        yield f"{code} to write {at}", Refuse(at, code)
    for code, at in itertools.product((429, 500), range(1, extent.reads + 1)):
        yield f"{code} to read {at}", Refuse(at, code, reads=True)


def lost_answers(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for at in range(1, extent.writes + 1):
        yield f"connection ends after write {at}", Lose(at)
        yield f"no answer to write {at}", Lose(at, hangs=True)


def events(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for resource, count in sorted(extent.events.items()):
        for what, at in itertools.product(("drop", "delay", "duplicate"), range(1, count + 1)):
            yield f"{what} event {at} of {resource}", Event(resource, at, what)


def expiries(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for resource, count in sorted(extent.events.items()):
        for at in sorted({1, (count + 1) // 2, count}):
            yield f"410 within the watch of {resource} after event {at}", Expire(resource, at)
            yield f"410 as the watch of {resource} begins again after event {at}", Expire(resource, at, within=False)


def stale_lists(extent: Extent) -> Iterator[tuple[str, Fault]]:
    for resource, count in sorted(extent.events.items()):
        for at in sorted({1, count}):
            yield f"stale lists after event {at} of {resource}", Expire(resource, at, stale=True)


# as the table calls them
KINDS = {
    "undisturbed": undisturbed,
    "killed": kills,
    "killed, then stale lists": stale_starts,
    "409 429 500 503": refusals,
    "answer lost": lost_answers,
    "event lost, late, twice": events,
    "410": expiries,
    "stale lists": stale_lists,
}
