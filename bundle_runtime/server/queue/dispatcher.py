"""Admits requests to the worker and ends them: what is in flight, and the deadline of each request.

Every admitted request leaves exactly once: answered, too late, cancelled by its client, or lost with the worker. When
the worker is sent which one is the send policy's.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from time import monotonic
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import FINISHING, Lifecycle
from bundle_runtime.server.queue.limits import QueueLimits
from bundle_runtime.server.queue.phases import Phases, queued
from bundle_runtime.server.queue.request import Pending
from bundle_runtime.server.queue.send_policy import Batches, OneByOne, SendPolicy
from bundle_runtime.server.queue.table import RequestTable, Send

# context, code ("" for a response), payload of the frame
Finish = Callable[[Any, str, bytes], None]


class Dispatcher:
    """``on_finish`` is called once for each admitted request whose client is still connected, ``on_item`` for what a
    stream yields: the request, and the items or None at its end."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        max_concurrency: int,
        queue_limit: int,
        timeout_seconds: float,
        lifecycle: Lifecycle,
    ) -> None:
        self._loop = loop
        self._max_concurrency = max_concurrency
        self._timeout = timeout_seconds
        self._lifecycle = lifecycle
        self.on_finish: Finish
        self.on_item: Callable[[Pending, bytes | None], None]  # None: nothing more, and perhaps nothing was
        self.has_worker = False  # that has loaded the bundle and is connected
        self.batch_sizes: Counter[int] = Counter()
        self.phases = Phases()
        self._table = RequestTable()
        limits = QueueLimits(max_concurrency, queue_limit, timeout_seconds)
        self._one_by_one = OneByOne(self._table, max_concurrency, limits, self._complete)
        self._use(self._one_by_one)
        self._timer: asyncio.TimerHandle | None = None
        self._idle_waiters: list[asyncio.Future[None]] = []

    @property
    def batches(self) -> bool:
        """The worker takes requests in batches."""
        return self._policy.batches

    @property
    def in_flight(self) -> int:
        """Requests that the worker runs."""
        return self._policy.in_flight

    @property
    def queue_depth(self) -> int:
        """Requests that wait for the worker."""
        return self._policy.queue_depth

    @property
    def held_seconds(self) -> float:
        """How long every place of the worker has been held by requests that it does not answer."""
        if self._policy.places_taken < self._max_concurrency:
            return 0.0
        return monotonic() - self._table.progress

    def is_held(self, seconds: float) -> bool:
        """``held_seconds`` is more: asked for each request, and hardly ever is there no progress."""
        return monotonic() - self._table.progress > seconds and self.held_seconds > seconds

    def ready(self, send: Send, max_batch: int) -> None:
        """A worker has loaded the bundle; ``max_batch`` is 0 for one that takes requests one by one."""
        self._policy.close()
        self._use(self._batches(max_batch) if max_batch else self._one_by_one)
        self._table.send = send
        self.has_worker = True
        self._policy.send_next()  # what waited for it

    def _use(self, policy: SendPolicy) -> None:
        self._policy = policy
        self.full = policy.is_full  # whether a request must be refused, as too many wait

    def _batches(self, limit: int) -> Batches:
        return Batches(
            self._loop,
            self._table,
            limit,
            self._max_concurrency,
            self._timeout,
            self._complete,
            self._too_late,
            self.batch_sizes,
        )

    def admit(self, context: Any, body: bytes, kind: int = wire.REQUEST) -> Pending:
        """The caller has asked full() and knows that a worker is loaded, or about to be. ``kind`` is the frame's."""
        table = self._table
        id = table.next_id()
        now = monotonic()
        pending = Pending(id, context, body, now, now + self._timeout, kind)
        table.pending[id] = pending
        table.held_bytes += len(body)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._expire)
        table.waiting.append(pending)
        self._policy.send_next()
        return pending

    def answered(self, frame: wire.Frame, code: str) -> None:
        """``code`` is "" for a response, else the error frame's."""
        table = self._table
        id = frame.id
        if id not in table.outstanding:
            return
        table.outstanding.discard(id)
        now = monotonic()
        if code != wire.CANCELLED:  # never begun: even a worker whose function hangs answers so
            table.progress = now
            micros, mean = sum(frame.phases), table.mean_micros
            table.mean_micros = micros if mean == math.inf else mean + (micros - mean) * 0.125
        self._policy.answered(table.pending.pop(id, None), frame, code, now)
        if self._idle_waiters:
            self._wake_idle()

    def _complete(self, pending: Pending, frame: wire.Frame, code: str, now: float) -> None:
        self.phases.observe(pending, now, frame.phases)
        self.on_finish(pending.context, code, frame.payload)

    def streamed(self, frame: wire.Frame) -> None:
        """Items of a response that came together, or its end."""
        table = self._table
        pending = table.pending.get(frame.id)
        if pending is not None:
            # what comes has the time that a response has; the table stays in the order of the deadlines
            table.progress = now = monotonic()
            if pending.queued < 0.0:
                pending.queued = queued(now - pending.admitted, frame.phases)
            if self._lifecycle.stage < FINISHING:
                pending.deadline = now + self._timeout
                table.pending[frame.id] = table.pending.pop(frame.id)
            self.on_item(pending, frame.payload if frame.kind == wire.ITEM else None)
        elif frame.kind == wire.ITEM and table.send is not None and frame.id in table.outstanding:
            table.send(wire.CANCEL, frame.id, b"")  # the first one came before there was a stream to end
        if frame.kind == wire.END:
            self.answered(frame, "")

    def give(self, pending: Pending, size: int) -> None:
        """Credit for a stream, in bytes."""
        if self._table.send is not None and pending.id in self._table.pending:
            self._table.send(wire.CREDIT, pending.id, wire.credit(size))

    def contexts(self) -> list[Any]:
        """Of all requests that a client waits for."""
        return [pending.context for pending in self._table.pending.values()]

    def drop(self, pending: Pending) -> None:
        """Its client has disconnected."""
        pending.context = None
        if self._table.pending.pop(pending.id, None) is not None:
            self._cancel(pending)

    def _cancel(self, pending: Pending) -> None:
        self._table.take_body(pending)
        if pending.sent and self._table.send is not None:
            self._table.send(wire.CANCEL, pending.id, b"")
        if self._idle_waiters:
            self._wake_idle()

    def _expire(self) -> None:
        now = monotonic()
        self._timer = None
        for pending in list(self._table.pending.values()):
            if pending.deadline > now:
                self._timer = self._loop.call_at(pending.deadline, self._expire)
                break
            del self._table.pending[pending.id]
            self._cancel(pending)
            self.on_finish(pending.context, "DeadlineExceeded", b"")

    def _too_late(self, pending: Pending) -> None:
        """What waits would not be answered in time: it is not sent."""
        del self._table.pending[pending.id]
        self._table.take_body(pending)
        self.on_finish(pending.context, "DeadlineExceeded", b"")

    def worker_lost(self) -> None:
        """Nothing is sent twice, as how far the user's function came is unknown. The rest waits for the next worker."""
        table = self._table
        self._policy.close()
        self._use(self._one_by_one)
        table.send = None
        self.has_worker = False
        table.outstanding.clear()
        self._end([pending for pending in table.pending.values() if pending.sent], "WorkerDied")

    def give_up(self) -> None:
        """No worker comes for what waits."""
        self._table.waiting.clear()
        self._end(list(self._table.pending.values()), "NotReady")

    def _end(self, lost: list[Pending], code: str) -> None:
        for pending in lost:
            del self._table.pending[pending.id]
        for pending in lost:
            self._table.take_body(pending)
            self.on_finish(pending.context, code, b"")
        self._wake_idle()

    async def idle(self) -> None:
        """Returns when no client waits for a response."""
        while self._table.pending:
            waiter = self._loop.create_future()
            self._idle_waiters.append(waiter)
            await waiter
        await asyncio.sleep(0)  # the last batch's responses have their turn before

    def _wake_idle(self) -> None:
        if self._table.pending:
            return
        waiters, self._idle_waiters = self._idle_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
