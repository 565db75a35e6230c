"""What the dispatcher and its send policy both look at: every admitted request, and how the worker gets on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from bundle_runtime.contract import wire
from bundle_runtime.server.queue.request import Pending

Send = Callable[[int, int, bytes], None]  # kind, id, payload of a frame


class RequestTable:
    """The requests from their admission to their end, and the worker that they are sent to."""

    __slots__ = ("_last_id", "held_bytes", "mean_micros", "outstanding", "pending", "progress", "send", "waiting")

    def __init__(self) -> None:
        self.send: Send | None = None  # None without a loaded worker
        self.pending: dict[int, Pending] = {}  # unanswered; in the order of admission, hence of deadlines
        self.waiting: deque[Pending] = deque()  # not sent yet; may hold some that are answered
        self.outstanding: set[int] = set()  # sent and not answered by the worker, even where no client waits any more
        self.held_bytes = 0  # of what waits
        self.mean_micros = math.inf  # that a request takes in the worker; inf before the first response
        self.progress = 0.0  # when the worker last took or answered a request, by time.monotonic()
        self._last_id = 0

    def occupied(self) -> int:
        """Requests that take a place in the queue or the worker, those that no client waits for included."""
        abandoned = self.outstanding.difference(self.pending)
        return len(self.pending) + len(abandoned)

    def next_id(self) -> int:
        """An id that no request has, in the queue or in the worker."""
        id = self._last_id
        while True:
            id = id % wire.MAX_ID + 1
            if id not in self.outstanding and id not in self.pending:
                self._last_id = id
                return id

    def take_body(self, pending: Pending) -> bytes:
        """The payload, which the request gives up: it is sent once, or never."""
        body, pending.body = pending.body, b""
        self.held_bytes -= len(body)
        return body
