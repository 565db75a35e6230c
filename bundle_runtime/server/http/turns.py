"""What would keep all others waiting is done in parts, between which they are served.

Long work for one request has steps: one step of all such work a turn of the loop, so that many of them at once cost the
others no more than one. Short work for each of thousands of connections is done for a few of them in a turn.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator

_DONE = object()


class Turns:
    """Of one server."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Iterator[None]] = deque()

    def take(self, steps: Iterator[None]) -> None:
        """The first step at once, as most work has no other. The steps raise nothing."""
        if next(steps, _DONE) is _DONE:
            return
        self._waiting.append(steps)
        if len(self._waiting) == 1:
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        steps = self._waiting[0]
        over = next(steps, _DONE) is _DONE
        self._waiting.popleft()
        if not over:
            self._waiting.append(steps)
        if self._waiting:
            self._loop.call_soon(self._turn)


class Few:
    """Calls, at most ``most`` of them in a turn of the loop, in the order in which they came."""

    def __init__(self, most: int, loop: asyncio.AbstractEventLoop) -> None:
        self._most = most
        self._loop = loop
        self._called = 0  # in this turn
        self._waiting: deque[Callable[[], None]] = deque()
        self._comes = False  # the next turn

    def now(self, call: Callable[[], None]) -> None:
        """In this turn, where there is a place."""
        if self._called == self._most or self._waiting:
            self._waiting.append(call)
        else:
            self._called += 1
            call()
        self._next_turn()

    def later(self, call: Callable[[], None]) -> None:
        """Not from here."""
        self._waiting.append(call)
        self._next_turn()

    def _next_turn(self) -> None:
        if not self._comes:
            self._comes = True
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._comes = False
        self._called = min(len(self._waiting), self._most)
        if self._called:
            self._next_turn()
        for _ in range(self._called):
            self._waiting.popleft()()
