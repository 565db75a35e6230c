"""Asks the worker for the metrics that user code keeps, and waits for a moment: the server's own do not hang on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from bundle_runtime.contract import wire

WAIT_SECONDS = 1.0

Done = Callable[[bytes], None]


class Sender(Protocol):
    """The connection to a worker."""

    def send(self, kind: int, id: int, payload: bytes) -> None:
        """A frame."""


class UserMetrics:
    """``worker`` is the one that has said that user code has imported prometheus_client; None: there is nothing to ask
    for. All who ask while an answer is awaited get the same."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.worker: Sender | None = None
        self.missed = 0  # questions that the worker did not answer
        self._waiting: list[Done] = []
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, done: Done) -> None:
        """``done`` gets the text, empty when there is none: now, or in a second at most. It raises nothing."""
        if self.worker is None:
            done(b"")
            return
        self._waiting.append(done)
        if self._timer is None:
            self._timer = self._loop.call_later(WAIT_SECONDS, self._too_late)
            self.worker.send(wire.SCRAPE, 0, b"")

    def answered(self, text: bytes) -> None:
        """By the worker; of an answer that comes too late nothing is kept."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for done in waiting:
            done(text)

    def lost(self) -> None:
        """The worker has gone."""
        self.worker = None
        if self._waiting:
            self._too_late()

    def _too_late(self) -> None:
        self.missed += 1
        self.answered(b"")
