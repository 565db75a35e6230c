"""Who runs next: the bounded queue, the table of what is in flight, and the deadline of each request.

Every admitted request leaves exactly once: answered, too late, cancelled by its client, or lost with the worker.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable
from time import monotonic
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import Lifecycle, Stage
from bundle_runtime.server.queue.batching import Batches
from bundle_runtime.server.queue.limits import Room
from bundle_runtime.server.queue.phases import Phases, queued
from bundle_runtime.server.queue.request import Pending

# While predict_fn is quick the worker is sent requests ahead, some or one, so that it need not wait for the next: the
# way there and back is a tenth of a millisecond. For a slow one it is not: what was sent dies with the worker.
AHEAD = 16
QUICK_MICROS = 1000.0
SHORT_MICROS = 20_000.0
AHEAD_BYTES = 64 * 1024


# code ("" for a response), payload of the frame
Finish = Callable[[Any, str, bytes], None]


class Dispatcher:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        max_concurrency: int,
        queue_limit: int,
        timeout_seconds: float,
        finish: Finish,
        lifecycle: Lifecycle,
    ) -> None:
        self._loop = loop
        self._max_concurrency = max_concurrency
        self._room = Room(max_concurrency, queue_limit, timeout_seconds)
        self._timeout = timeout_seconds
        self._finish = finish
        self._lifecycle = lifecycle
        self.on_item: Callable[[Pending, bytes | None], None]  # None: nothing more, and perhaps nothing was
        self.batches: Batches | None = None  # of a bundle with predict_batch
        self.batch_sizes: Counter[int] = Counter()
        self.phases = Phases()
        self.send: Callable[[int, int, bytes], None] | None = None  # kind, id, payload; None without a loaded worker
        self._pending: dict[int, Pending] = {}  # unanswered; in the order of admission, hence of deadlines
        self._waiting: deque[Pending] = deque()  # not sent yet; may hold some that are answered
        self._outstanding: set[int] = set()  # sent and not answered by the worker, whoever still wants the answer
        self._held_bytes = 0  # of what waits
        self._mean_micros = math.inf  # before the first answer
        self._progress = 0.0  # when the worker last took or answered a request
        self._last_id = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ahead: asyncio.TimerHandle | None = None  # for a batch that goes before the last one ends
        self._idle_waiters: list[asyncio.Future[None]] = []

    @property
    def in_flight(self) -> int:
        sent = len(self._outstanding)
        return sent if self.batches is not None else min(sent, self._max_concurrency)

    @property
    def queue_depth(self) -> int:
        served = self._max_concurrency if self.batches is None else len(self._outstanding)
        return max(0, self._occupied() - served)

    @property
    def held_seconds(self) -> float:
        """How long every place of the worker has been held by requests that it does not answer."""
        taken = len(self._outstanding) if self.batches is None else self.batches.running
        if taken < self._max_concurrency:
            return 0.0
        return monotonic() - self._progress

    def _occupied(self) -> int:
        abandoned = sum(1 for id in self._outstanding if id not in self._pending)
        return len(self._pending) + abandoned

    def ready(self, send: Callable[[int, int, bytes], None], max_batch: int) -> None:
        """A worker has loaded the bundle; ``max_batch`` is 0 for one that takes requests one by one."""
        self.send = send
        self.batches = Batches(max_batch, self._max_concurrency, self._timeout) if max_batch else None
        self._send_next()  # what waited for it

    def full(self) -> bool:
        if self.batches is not None:
            return self.batches.is_full(len(self._pending) - len(self._outstanding))
        # the count of both tables bounds what is occupied from above and costs nothing
        if len(self._pending) + len(self._outstanding) <= self._max_concurrency:
            return False
        since = monotonic() - self._progress
        return not self._room.has(self._occupied(), self._held_bytes, self._mean_micros * 1e-6, since)

    def admit(self, context: Any, body: bytes, kind: int = wire.REQUEST) -> Pending:
        """The caller has asked full() and knows that a worker is loaded, or about to be. ``kind`` is the frame's."""
        self._last_id = id = self._free_id()
        now = monotonic()
        pending = Pending(id, context, body, now, now + self._timeout, kind)
        self._pending[id] = pending
        self._held_bytes += len(body)
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._expire)
        self._waiting.append(pending)
        self._send_next()
        return pending

    def _free_id(self) -> int:
        id = self._last_id
        while True:
            id = id % wire.MAX_ID + 1
            if id not in self._outstanding and id not in self._pending:
                return id

    def _send_next(self) -> None:
        if self.batches is not None:
            self._send_batches(self.batches)
            return
        waiting = self._waiting
        while waiting and self.send is not None:
            pending = waiting[0]
            if pending.id not in self._pending:
                waiting.popleft()
                continue
            outstanding = len(self._outstanding)
            if outstanding >= self._max_concurrency:
                ahead = AHEAD if self._mean_micros < QUICK_MICROS else int(self._mean_micros < SHORT_MICROS)
                if outstanding >= self._max_concurrency + ahead or len(pending.body) > AHEAD_BYTES:
                    return
            waiting.popleft()
            self._outstanding.add(pending.id)
            pending.sent = True
            if outstanding < self._max_concurrency:  # what goes ahead is no sign of life
                self._progress = monotonic()
            self.send(pending.kind, pending.id, self._body(pending))

    def _send_batches(self, batches: Batches) -> None:
        waiting = self._waiting
        while waiting and self.send is not None:
            if waiting[0].id not in self._pending:
                waiting.popleft()
                continue
            now = monotonic()
            wait = batches.wait(len(self._pending) - len(self._outstanding), waiting[0].deadline, now)
            if wait:
                if wait < math.inf and self._ahead is None:
                    self._ahead = self._loop.call_later(wait + 0.001, self._send_ahead)  # it may ring too early
                return
            self._send_batch(batches, now)

    def _send_ahead(self) -> None:
        self._ahead = None
        self._send_next()

    def _send_batch(self, batches: Batches, now: float) -> None:
        """What waits, as much as a batch holds and without what is too late; a call goes alone."""
        group, late = batches.gather(self._waiting, self._pending, now)
        for pending in late:
            del self._pending[pending.id]
            self._body(pending)
            self._finish(pending.context, "DeadlineExceeded", b"")
        if not group or self.send is None:
            return
        if batches.running < self._max_concurrency:
            self._progress = now
        ids = [pending.id for pending in group]
        self._outstanding.update(ids)
        batches.sent(ids, now)
        bodies = [self._body(pending) for pending in group]
        kind, payload = group[0].kind, bodies[0]
        if kind == wire.REQUEST:
            kind, payload = wire.BATCH, wire.pack_batch(list(zip(ids, bodies, strict=True)))
        for pending in group:
            pending.sent = True
        self.send(kind, ids[0], payload)

    def _body(self, pending: Pending) -> bytes:
        """Taken from it: it is sent once, or never."""
        body, pending.body = pending.body, b""
        self._held_bytes -= len(body)
        return body

    def answered(self, frame: wire.Frame, code: str) -> None:
        """``code`` is "" for a response, else the error frame's."""
        id = frame.id
        if id not in self._outstanding:
            return
        self._outstanding.discard(id)
        now = monotonic()
        if code != wire.CANCELLED:  # never begun: that is said even by a worker whose function hangs
            self._progress = now
            micros, mean = sum(frame.phases), self._mean_micros
            self._mean_micros = micros if mean == math.inf else mean + (micros - mean) * 0.125
        if self.batches is not None:
            self._batch_answered(self.batches, frame, code, now)
            return
        if self._waiting:
            self._send_next()
        pending = self._pending.pop(id, None)
        if pending is not None:
            self.phases.observe(pending, now, frame.phases)
            self._finish(pending.context, code, frame.payload)
        if self._idle_waiters:
            self._wake_idle()

    def _batch_answered(self, batches: Batches, frame: wire.Frame, code: str, now: float) -> None:
        pending = self._pending.pop(frame.id, None)
        size = batches.answered(frame.id, now)
        if size:
            self.batch_sizes[size] += 1
            self._send_next()
        if pending is not None:  # when all of the batch have been seen: the next one need not wait for what this takes
            self._loop.call_soon(self._finish_later, pending, now, frame, code)
        if size:
            self._loop.call_soon(batches.duration.fit)
        if self._idle_waiters:
            self._wake_idle()

    def _finish_later(self, pending: Pending, now: float, frame: wire.Frame, code: str) -> None:
        if pending.context is not None:  # whose client has not gone meanwhile
            self.phases.observe(pending, now, frame.phases)
            self._finish(pending.context, code, frame.payload)

    def streamed(self, frame: wire.Frame) -> None:
        """Items of an answer that came together, or its end."""
        pending = self._pending.get(frame.id)
        if pending is not None:
            # what comes has the time that an answer has; the table stays in the order of the deadlines
            self._progress = now = monotonic()
            if pending.queued < 0.0:
                pending.queued = queued(now - pending.admitted, frame.phases)
            if self._lifecycle.stage < Stage.FINISHING:
                pending.deadline = now + self._timeout
                self._pending[frame.id] = self._pending.pop(frame.id)
            self.on_item(pending, frame.payload if frame.kind == wire.ITEM else None)
        elif frame.kind == wire.ITEM and self.send is not None and frame.id in self._outstanding:
            self.send(wire.CANCEL, frame.id, b"")  # the first one came before there was a stream to end
        if frame.kind == wire.END:
            self.answered(frame, "")

    def give(self, pending: Pending, size: int) -> None:
        """Credit for a stream."""
        if self.send is not None and pending.id in self._pending:
            self.send(wire.CREDIT, pending.id, wire.credit(size))

    def drop(self, pending: Pending) -> None:
        """Its client went away."""
        pending.context = None
        if self._pending.pop(pending.id, None) is not None:
            self._forget(pending)

    def _forget(self, pending: Pending) -> None:
        self._body(pending)
        if pending.sent and self.send is not None:
            self.send(wire.CANCEL, pending.id, b"")
        if self._idle_waiters:
            self._wake_idle()

    def _expire(self) -> None:
        now = monotonic()
        self._timer = None
        for pending in list(self._pending.values()):
            if pending.deadline > now:
                self._timer = self._loop.call_at(pending.deadline, self._expire)
                break
            del self._pending[pending.id]
            self._forget(pending)
            self._finish(pending.context, "DeadlineExceeded", b"")

    def worker_lost(self) -> None:
        """Nothing is sent twice: nobody knows how far the user's function came. The rest waits for the next one."""
        self.send = None
        self.batches = None
        self._outstanding.clear()
        self._end([pending for pending in self._pending.values() if pending.sent], "WorkerDied")

    def give_up(self) -> None:
        """No worker comes for what waits."""
        self._waiting.clear()
        self._end(list(self._pending.values()), "NotReady")

    def _end(self, lost: list[Pending], code: str) -> None:
        for pending in lost:
            del self._pending[pending.id]
        for pending in lost:
            self._body(pending)
            self._finish(pending.context, code, b"")
        self._wake_idle()

    async def idle(self) -> None:
        """Returns when no client waits for an answer."""
        while self._pending:
            waiter = self._loop.create_future()
            self._idle_waiters.append(waiter)
            await waiter
        await asyncio.sleep(0)  # the last batch's answers have their turn before

    def _wake_idle(self) -> None:
        if self._pending:
            return
        waiters, self._idle_waiters = self._idle_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
