"""Long work for one request, in steps between which all others are served: one step of all such work a turn of the
loop, so that many of them at once cost the others no more than one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator

_DONE = object()


class Turns:
    """Of one server."""

    def __init__(self) -> None:
        self._waiting: deque[Iterator[None]] = deque()

    def take(self, steps: Iterator[None]) -> None:
        """The first step at once, as most work has no other. The steps raise nothing."""
        if next(steps, _DONE) is _DONE:
            return
        self._waiting.append(steps)
        if len(self._waiting) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        steps = self._waiting[0]
        over = next(steps, _DONE) is _DONE
        self._waiting.popleft()
        if not over:
            self._waiting.append(steps)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._turn)
