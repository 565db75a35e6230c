"""How much of one stream the server wants: its credit, and whether its client has left."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Callable

from bundle_runtime.contract import wire

if TYPE_CHECKING:
    import asyncio


class Flow:
    """Of one stream. The link's thread writes what the server says; the thread that predicts reads it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._given = wire.WINDOW  # bytes; of the link's thread
        self.taken = 0  # bytes; of the other one: neither needs a lock for its own
        self.cancelled = False
        self.closing = False  # of the loop: the generator cleans up, which is not to be cancelled
        self.on_cancel: Callable[[], object] = lambda: None
        self._wake: Callable[[], object] = lambda: None

    def add(self, credit: int) -> None:
        """``credit``: bytes that may be sent beyond those given before."""
        with self._changed:
            self._given += credit
            self._changed.notify()
            self._wake()

    def cancel(self) -> None:
        """The client has left, or the connection is lost."""
        with self._changed:
            if self.cancelled:  # the server says it again: what cleans up is not disturbed
                return
            self.cancelled = True
            self._changed.notify()
            self._wake()
            self.on_cancel()

    @property
    def spent(self) -> bool:
        """All credit is used: wait()."""
        return self.taken >= self._given

    def take(self, text: bytes) -> None:
        """For one item; the last one may overdraw."""
        self.taken += len(text) + wire.HEADER_SIZE

    def wait(self) -> None:
        """Until there is any credit, or the stream is cancelled."""
        with self._changed:
            while self.spent and not self.cancelled:
                self._changed.wait()

    async def wait_on(self, loop: asyncio.AbstractEventLoop) -> None:
        """wait() of a coroutine."""
        while True:
            changed = loop.create_future()
            with self._changed:
                if not self.spent or self.cancelled:
                    self._wake = lambda: None
                    return
                self._wake = partial(loop.call_soon_threadsafe, _set, changed)
            await changed

    def ends_with(self, cancel: Callable[[], object]) -> None:
        """``cancel`` is called once the stream is cancelled; at once when it is already."""
        with self._changed:
            self.on_cancel = cancel
            if self.cancelled:
                cancel()


def _set(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
