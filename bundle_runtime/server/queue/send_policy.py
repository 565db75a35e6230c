"""When the worker is sent what: one request after the other, or those that wait as a batch.

The dispatcher asks one of the two, by what the worker's bundle has: predict_fn or predict_batch.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Protocol

from bundle_runtime.contract import wire
from bundle_runtime.server.queue.batching import BatchPlan
from bundle_runtime.server.queue.limits import QueueLimits
from bundle_runtime.server.queue.request import Pending
from bundle_runtime.server.queue.table import RequestTable

# While predict_fn is quick the worker is sent requests ahead, some or one, so that it need not wait for the next: the
# way there and back is a tenth of a millisecond. For a slow one it is not: what was sent dies with the worker.
SEND_AHEAD_MAX = 16
QUICK_MICROS = 1000.0
SHORT_MICROS = 20_000.0
SEND_AHEAD_MAX_BYTES = 64 * 1024
TIMER_MARGIN_SECONDS = 0.001  # a timer may ring that much too early

Complete = Callable[[Pending, wire.Frame, str, float], None]  # request, the worker's frame, code, when it came
Expired = Callable[[Pending], None]


class SendPolicy(Protocol):
    """What differs between requests one by one and batches."""

    batches: bool

    @property
    def in_flight(self) -> int:
        """Requests that the worker runs."""

    @property
    def places_taken(self) -> int:
        """Of the worker's places, those that hold a request or a batch."""

    @property
    def queue_depth(self) -> int:
        """Requests that wait for the worker."""

    def is_full(self) -> bool:
        """Whether one more request would wait too long, or is more than may wait."""

    def send_next(self) -> None:
        """Sends what the worker may have now."""

    def answered(self, pending: Pending | None, frame: wire.Frame, code: str, now: float) -> None:
        """The worker is done with a request; ``pending`` is None when no client waits for it any more."""

    def close(self) -> None:
        """Its worker has disconnected: nothing more is sent."""


class OneByOne:
    """Of a bundle with predict_fn. ``complete`` is called with each answer that a client waits for."""

    batches = False

    def __init__(self, table: RequestTable, max_concurrency: int, limits: QueueLimits, complete: Complete) -> None:
        self._table = table
        self._max_concurrency = max_concurrency
        self._limits = limits
        self._complete = complete

    @property
    def in_flight(self) -> int:
        return min(len(self._table.outstanding), self._max_concurrency)

    @property
    def places_taken(self) -> int:
        return len(self._table.outstanding)

    @property
    def queue_depth(self) -> int:
        return max(0, self._table.occupied() - self._max_concurrency)

    def is_full(self) -> bool:
        table = self._table
        # what was sent and what waits bounds what is occupied from above, and costs nothing
        if len(table.outstanding) + len(table.waiting) <= self._max_concurrency:
            return False
        since = monotonic() - table.progress
        return not self._limits.admits(table.occupied(), table.held_bytes, table.mean_micros * 1e-6, since)

    def send_next(self) -> None:
        table = self._table
        waiting = table.waiting
        while waiting and table.send is not None:
            pending = waiting[0]
            if pending.id not in table.pending:
                waiting.popleft()
                continue
            outstanding = len(table.outstanding)
            if outstanding >= self._max_concurrency:
                ahead = SEND_AHEAD_MAX if table.mean_micros < QUICK_MICROS else int(table.mean_micros < SHORT_MICROS)
                if outstanding >= self._max_concurrency + ahead or len(pending.body) > SEND_AHEAD_MAX_BYTES:
                    return
            waiting.popleft()
            table.outstanding.add(pending.id)
            pending.sent = True
            if outstanding < self._max_concurrency:  # what is sent ahead does not show that the worker is alive
                table.progress = monotonic()
            table.send(pending.kind, pending.id, table.take_body(pending))

    def answered(self, pending: Pending | None, frame: wire.Frame, code: str, now: float) -> None:
        if self._table.waiting:
            self.send_next()
        if pending is not None:
            self._complete(pending, frame, code, now)

    def close(self) -> None:
        pass


class Batches:
    """Of a bundle with predict_batch, which takes ``limit`` requests at most. ``expire`` is called with each request
    that no batch answers in time, ``sizes`` counts the batches that ended."""

    batches = True

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        table: RequestTable,
        limit: int,
        max_concurrency: int,
        timeout_seconds: float,
        complete: Complete,
        expire: Expired,
        sizes: Counter[int],
    ) -> None:
        self._loop = loop
        self._table = table
        self._max_concurrency = max_concurrency
        self._plan = BatchPlan(limit, max_concurrency, timeout_seconds)
        self._complete = complete
        self._expire = expire
        self._sizes = sizes
        self._timer: asyncio.TimerHandle | None = None  # for a batch that goes before the last one ends
        self._ended: list[tuple[Pending, wire.Frame, str, float]] = []  # what complete() gets in a moment

    @property
    def in_flight(self) -> int:
        return len(self._table.outstanding)

    @property
    def places_taken(self) -> int:
        return self._plan.running

    @property
    def queue_depth(self) -> int:
        return max(0, self._table.occupied() - len(self._table.outstanding))

    def is_full(self) -> bool:
        table = self._table
        return self._plan.is_full(len(table.pending) - len(table.outstanding))

    def send_next(self) -> None:
        table = self._table
        waiting = table.waiting
        while waiting and table.send is not None:
            if waiting[0].id not in table.pending:
                waiting.popleft()
                continue
            now = monotonic()
            wait = self._plan.wait(len(table.pending) - len(table.outstanding), waiting[0].deadline, now)
            if wait:
                if wait < math.inf and self._timer is None:
                    self._timer = self._loop.call_later(wait + TIMER_MARGIN_SECONDS, self._send_ahead)
                return
            self._send_batch(now)

    def _send_ahead(self) -> None:
        self._timer = None
        self.send_next()

    def _send_batch(self, now: float) -> None:
        """What waits, as much as a batch holds and without what is too late; a call goes alone."""
        table = self._table
        group, late = self._plan.gather(table.waiting, table.pending, now)
        for pending in late:
            self._expire(pending)
        if not group or table.send is None:
            return
        if self._plan.running < self._max_concurrency:
            table.progress = now
        ids = [pending.id for pending in group]
        table.outstanding.update(ids)
        self._plan.sent(ids, now)
        bodies = [table.take_body(pending) for pending in group]
        kind, payload = group[0].kind, bodies[0]
        if kind == wire.REQUEST:
            kind, payload = wire.BATCH, wire.pack_batch(list(zip(ids, bodies, strict=True)))
        for pending in group:
            pending.sent = True
        table.send(kind, ids[0], payload)

    def answered(self, pending: Pending | None, frame: wire.Frame, code: str, now: float) -> None:
        size = self._plan.answered(frame.id, now)
        if size:
            self._sizes[size] += 1
            self.send_next()
        if pending is not None:  # when all of the batch have been seen: the next one need not wait for what this takes
            if not self._ended:
                self._loop.call_soon(self._complete_ended)
            self._ended.append((pending, frame, code, now))
        if size:
            self._loop.call_soon(self._plan.duration.fit)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _complete_ended(self) -> None:
        ended, self._ended = self._ended, []
        for pending, frame, code, now in ended:
            if pending.context is not None:  # its client is still connected
                self._complete(pending, frame, code, now)
