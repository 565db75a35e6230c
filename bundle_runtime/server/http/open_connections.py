"""The connections of one listener: how many there may be, and which one ends when another comes.

A client that keeps connections it does not use, or sends a byte now and then, must not keep out one that asks. So the
idle ones end first, the longest idle before the others, then those that hold up their own request or response. One that
was used within the last second comes last of all: its client is about to send the next request into it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from bundle_runtime.server.http.turns import Few

ROOM_DIVISOR = 64  # so many of them end at once
UNUSED_SECONDS = 1.0
FOUND_SECONDS = 1.0  # what was found is ended from: to look at 4,096 for the longest idle takes 4 ms
LOOK_AGAIN_SECONDS = 0.1  # where none could end
CHECKED_AT_ONCE = 64  # connections, in half a millisecond where each keeps much; then requests have their turn
LET_GO_AT_ONCE = 64  # of the lost ones, in less than a millisecond, as well
CONNECTIONS_AT_ONCE = 16  # that have sent requests behind each other: each has some of them answered (connection.py)


class Closable(Protocol):
    """What is asked of a connection."""

    def idle_since(self) -> float | None:
        """By the loop's clock; None while a request is under way."""

    def held_up_since(self) -> float | None:
        """Since when the client keeps back the rest of its request, or does not read; None when it does neither."""

    def abort(self) -> None:
        """Ends it at once."""

    def let_go(self) -> None:
        """Frees what was kept for a client that has gone: a request that is arriving, those that wait."""

    def check(self, now: float) -> None:
        """Once a second: ends what takes too long."""

    def expects_request(self) -> bool:
        """A request is about to come, as far as one can tell."""

    def close_if_idle(self) -> bool:
        """For a drain: True when nothing was under way, or about to be."""

    keepalive_announced: bool


# who ends first: since when it is what it is, and for how many seconds it must have been
_RANKS: tuple[tuple[Callable[[Closable], float | None], float], ...] = (
    (lambda each: each.idle_since(), UNUSED_SECONDS),
    (lambda each: each.held_up_since(), UNUSED_SECONDS),
    (lambda each: each.idle_since(), 0.0),
)


class OpenConnections:
    """At most ``most``. ``keeps_busy``: one that waits for its answer is never ended for another."""

    def __init__(self, most: int, loop: asyncio.AbstractEventLoop, *, keeps_busy: bool = True) -> None:
        self.most = most
        self.ended = 0  # for others
        self._loop = loop
        self._keeps_busy = keeps_busy
        self._open: dict[Closable, None] = {}  # in the order in which they came
        self._full_until = 0.0
        self._ends = Few(LET_GO_AT_ONCE, loop)
        self.answers = Few(CONNECTIONS_AT_ONCE, loop)  # of each what waits behind other requests
        # that may end for others, the first one first, each with its time and its number; by which of both times
        self._found: deque[tuple[float, int, Closable]] = deque()
        self._since = _RANKS[0][0]
        self._found_until = 0.0

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[Closable]:
        return iter(self._open)

    def add(self, connection: Closable) -> bool:
        """False when there are as many as may be, and none of them can end."""
        if len(self._open) >= self.most and not self._make_room():
            return False
        self._open[connection] = None
        return True

    def lost(self, connection: Closable) -> None:
        """It has ended. Thousands may in one turn of the loop: then the others are let go in the next ones."""
        self._open.pop(connection, None)
        self._ends.now(connection.let_go)

    def check(self, now: float) -> None:
        """Once a second."""
        if now >= self._found_until:
            self._found.clear()
        self._check(list(self._open), now)

    def _check(self, connections: list[Closable], now: float) -> None:
        for connection in connections[:CHECKED_AT_ONCE]:
            connection.check(now)
        if len(connections) > CHECKED_AT_ONCE:
            self._loop.call_soon(self._check, connections[CHECKED_AT_ONCE:], now)

    def _make_room(self) -> bool:
        now = self._loop.time()
        if now < self._full_until:
            return False
        ends = self._first(now) or self._longest(now)
        if not ends and not self._keeps_busy:
            ends = [next(iter(self._open))]
        for connection in ends:
            self._open.pop(connection, None)
            self.ended += 1
            connection.abort()
        if not ends:
            self._full_until = now + LOOK_AGAIN_SECONDS
        return bool(ends)

    def _first(self, now: float) -> list[Closable]:
        """Of those that were found: they are still what they were then."""
        ends: list[Closable] = []
        while self._found and now < self._found_until and len(ends) < max(1, self.most // ROOM_DIVISOR):
            at, _, each = self._found.popleft()
            if each in self._open and self._since(each) == at:
                ends.append(each)
        return ends

    def _longest(self, now: float) -> list[Closable]:
        """Looks at all of them."""
        self._found_until = now + FOUND_SECONDS
        for since, unused in _RANKS:
            found = [(at, number, each) for number, each in enumerate(self._open) if (at := since(each)) is not None]
            self._found = deque(sorted(entry for entry in found if entry[0] <= now - unused))
            self._since = since
            if ends := self._first(now):
                if not unused:
                    self._found.clear()  # a better one may come
                return ends
        return []
