"""The connections of one listener: how many there may be, and which one ends when another comes.

A client that keeps connections it does not use, or sends a byte now and then, must not keep out one that asks. So the
idle ones end first, the longest idle before the others, then those that hold up their own request or response. One that
was used within the last second comes last of all: its client is about to send the next request into it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Protocol

ROOM_DIVISOR = 64  # so many of them end at once: to look for the longest idle takes time, which a flood has us pay
UNUSED_SECONDS = 1.0
LOOK_AGAIN_SECONDS = 0.1  # where none could end
CHECKED_AT_ONCE = 64  # connections, in half a millisecond where each keeps much; then requests have their turn


class Closable(Protocol):
    """What is asked of a connection."""

    def idle_since(self) -> float | None:
        """By the loop's clock; None while a request is under way."""

    def held_up_since(self) -> float | None:
        """Since when the client keeps back the rest of its request, or does not read; None when it does neither."""

    def abort(self) -> None:
        """Ends it at once."""

    def check(self, now: float) -> None:
        """Once a second: ends what takes too long."""

    def expects_request(self) -> bool:
        """A request is about to come, as far as one can tell."""

    def close_if_idle(self) -> bool:
        """For a drain: True when nothing was under way, or about to be."""

    keepalive_announced: bool


class OpenConnections:
    """At most ``most``. ``keeps_busy``: one that waits for its answer is never ended for another."""

    def __init__(self, most: int, clock: Callable[[], float], *, keeps_busy: bool = True) -> None:
        self.most = most
        self.ended = 0  # for others
        self._clock = clock
        self._keeps_busy = keeps_busy
        self._open: dict[Closable, None] = {}  # in the order in which they came
        self._full_until = 0.0

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

    def discard(self, connection: Closable) -> None:
        """It has ended."""
        self._open.pop(connection, None)

    def check(self, now: float) -> None:
        """Once a second."""
        self._check(list(self._open), now)

    def _check(self, connections: list[Closable], now: float) -> None:
        for connection in connections[:CHECKED_AT_ONCE]:
            connection.check(now)
        if len(connections) > CHECKED_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._check, connections[CHECKED_AT_ONCE:], now)

    def _make_room(self) -> bool:
        now = self._clock()
        if now < self._full_until:
            return False
        ends = (
            self._longest(lambda each: each.idle_since(), now - UNUSED_SECONDS)
            or self._longest(lambda each: each.held_up_since(), now - UNUSED_SECONDS)
            or self._longest(lambda each: each.idle_since(), now)
        )
        if not ends and not self._keeps_busy:
            ends = [next(iter(self._open))]
        for connection in ends:
            self.discard(connection)
            self.ended += 1
            connection.abort()
        if not ends:
            self._full_until = now + LOOK_AGAIN_SECONDS
        return bool(ends)

    def _longest(self, since: Callable[[Closable], float | None], before: float) -> list[Closable]:
        found = [(at, number, each) for number, each in enumerate(self._open) if (at := since(each)) is not None]
        waiting = sorted(entry for entry in found if entry[0] <= before)
        return [each for _, _, each in waiting[: max(1, self.most // ROOM_DIVISOR)]]
