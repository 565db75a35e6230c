"""The connections to the worker's socket that are not the worker's: they have not said hello yet, or were refused.

Any process of the worker's container may connect, as often as it likes. So there are a few of them at once, the newest,
for a few seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MOST = 8
SECONDS = 5.0  # a worker that unpickles may read nothing for minutes: it connects again then


class Abortable(Protocol):
    """What is asked of a connection."""

    def abort(self) -> None:
        """Ends it at once."""


class Others:
    """``clock`` is the loop's."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: dict[Abortable, float] = {}  # in the order in which they came

    def __len__(self) -> int:
        return len(self._since)

    def add(self, connection: Abortable) -> None:
        """The oldest one makes room."""
        if len(self._since) >= MOST:
            oldest = next(iter(self._since))
            self.discard(oldest)
            oldest.abort()
        self._since[connection] = self._clock()

    def discard(self, connection: Abortable) -> None:
        """It has said hello, or has ended."""
        self._since.pop(connection, None)

    def end_late(self, now: float) -> None:
        """Once a second."""
        for connection in [each for each, since in self._since.items() if now - since >= SECONDS]:
            self.discard(connection)
            connection.abort()
