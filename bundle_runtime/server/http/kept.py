"""What one connection makes this side keep although it is small: parts of requests, requests behind others, answers.

Thousands of connections make much of it. Each kind has its share of memory (shares.py): where that is full, the
connection ends that has been in it for longest.
"""

from __future__ import annotations

from collections import deque

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory
from bundle_runtime.server.shares import Holder

KEPT_MIN_BYTES = 2 * 1024  # less than the connection itself takes
# of the kernel's buffer, which the container's limit counts too: full of what is not read, by this side or by that
SOCKET_BYTES = 128 * 1024


class Kept:
    """Of one connection, which is the ``holder``. ``queued`` are the sizes of the requests that wait behind others;
    ``counts`` says that something of its requests is counted."""

    __slots__ = ("_answers", "_holder", "_memory", "_unread", "counts", "queued")

    def __init__(self, memory: Memory, holder: Holder) -> None:
        self._memory = memory
        self._holder = holder
        self._answers = object()  # the holder of them, in memory
        self._unread = False  # answers are counted
        self.counts = False
        self.queued: deque[int] = deque()

    def waits(self, exchange: Exchange, head_size: int) -> None:
        """One more is queued; memory knows of a large body."""
        body = len(exchange.body)
        self.queued.append(head_size + (body if body <= UNCOUNTED_MAX_BYTES else 0))

    def requests(self, arriving: int, *, paused: bool) -> None:
        """``arriving`` bytes are kept of what has not arrived as a whole, beside what is queued; ``paused``: no more is
        read."""
        size = arriving + sum(self.queued) + (SOCKET_BYTES if paused else 0)
        if size >= KEPT_MIN_BYTES:
            self.counts = True
            self._memory.small.hold(self._holder, size)
        elif self.counts:
            self.counts = False
            self._memory.small.release(self._holder)

    def unread(self, size: int) -> None:
        """So many bytes of answers are not read."""
        if size < KEPT_MIN_BYTES:
            self.read()
            return
        self._unread = True
        self._memory.hold(self._answers, size + SOCKET_BYTES)
        self._memory.unread.hold(self._holder, size + SOCKET_BYTES)

    def read(self) -> None:
        """The client has read all of them, or as good as all."""
        if self._unread:
            self._unread = False
            self._memory.release(self._answers)
            self._memory.unread.release(self._holder)

    def look(self, arriving: int, unread: int, *, paused: bool) -> None:
        """Now and then: few bytes of answers are not counted as they are sent."""
        if unread or self._unread:
            self.unread(unread)
        if self.counts:
            self.requests(arriving, paused=paused)

    def release(self) -> None:
        """Of a connection that is over: it and this hold each other, which only the garbage collector would part."""
        self.counts = False
        self.queued.clear()
        self._memory.small.release(self._holder)
        self._memory.unread.release(self._holder)
        self._memory.release(self._answers)
        del self._holder
