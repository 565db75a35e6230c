"""How many requests make a batch, and which of them are too late: for bundles with predict_batch.

Nothing waits for others to come: an idle worker gets what there is. Under load a batch is what came while the last one
ran; when there is more than enough it is sent a moment before that ends, so that the worker need not wait for it.
Its duration is a line in its size, fitted to the last ones; a request that would be answered too late is not begun, as
everything behind it would pay for it, and the queue is as long as can be answered in time. Pure.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Container
from operator import mul

from bundle_runtime.contract import wire
from bundle_runtime.server.queue.request import Pending

DURATION_SAMPLES = 50
MARGIN_QUANTILE = 0.9  # of the last batches that took no longer than the estimate says
BATCH_MAX_BYTES = 64 * 1024 * 1024  # of requests in one batch
QUEUE_MAX_BATCHES = 64
SEND_AHEAD_SECONDS = 0.003  # before the last batch ends: what the server may be busy for with other requests


class Duration:
    """seconds(n) = a n + b by least squares, and the residual that MARGIN_QUANTILE of the samples stay below."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float]] = deque(maxlen=DURATION_SAMPLES)
        self._a = self._b = self._margin = 0.0
        self._stale = False

    def add(self, size: int, seconds: float) -> None:
        """A batch of that many requests took that long."""
        self._samples.append((size, seconds))
        self._stale = True

    def fit(self) -> None:
        """Costs as much as a small request: best done when no client waits, else when the estimate is asked for."""
        if not self._stale:
            return
        self._stale = False
        sizes, seconds = zip(*self._samples, strict=True)
        count = len(sizes)
        mean_size = sum(sizes) / count
        from_mean = [size - mean_size for size in sizes]
        spread = sum(map(mul, from_mean, from_mean))
        slope = sum(map(mul, from_mean, seconds))
        self._a = max(0.0, slope / spread) if spread else 0.0
        self._b = sum(seconds) / count - self._a * mean_size
        residuals = sorted([took - self._a * size - self._b for size, took in self._samples])
        self._margin = max(0.0, residuals[math.ceil(MARGIN_QUANTILE * count) - 1])

    def seconds(self, size: int) -> float:
        """What most batches stay below; 0 before anything is known."""
        self.fit()
        return max(0.0, self._a * size + self._b + self._margin) if self._samples else 0.0

    def mean(self, size: int) -> float:
        """The line itself; inf before anything is known."""
        self.fit()
        return max(0.0, self._a * size + self._b) if self._samples else math.inf


class _Sent:
    __slots__ = ("ids", "since", "size")

    def __init__(self, ids: list[int], since: float | None) -> None:
        self.ids = set(ids)  # without an answer
        self.size = len(ids)
        self.since = since  # when it began; None while it waits for a place


class BatchPlan:
    """The batches that the worker has, and what they teach. ``limit`` is the most that predict_batch takes."""

    def __init__(self, limit: int, concurrency: int, timeout: float) -> None:
        self.limit = limit
        self._concurrency = concurrency
        self._timeout = timeout
        self._sent: list[_Sent] = []
        self._next_end: float | None = None  # when a place is expected to be free; None until that is asked for
        self.duration = Duration()

    @property
    def running(self) -> int:
        """Batches that the worker has."""
        return len(self._sent)

    def wait(self, waiting: int, deadline: float, now: float) -> float:
        """Seconds until a batch of the ``waiting`` may go to the worker, whose first has that deadline: none when there
        is a place; inf when a batch has to end first."""
        if len(self._sent) < self._concurrency:
            return 0.0
        if len(self._sent) > self._concurrency:
            return math.inf
        begin = self.next_place(now)
        if begin - now > SEND_AHEAD_SECONDS:
            return begin - now - SEND_AHEAD_SECONDS
        # else those that come in the last moment would miss the batch for nothing
        enough = waiting >= self.limit or self.is_late(deadline, begin, waiting)
        return 0.0 if enough else math.inf

    def next_place(self, now: float) -> float:
        """When a batch that is sent now is expected to begin."""
        if len(self._sent) < self._concurrency:
            return now
        if self._next_end is None:
            ends = [each.since + self.duration.mean(each.size) for each in self._sent if each.since is not None]
            self._next_end = min(ends)
        return max(now, self._next_end)

    def is_late(self, deadline: float, begin: float, size: int) -> bool:
        """Whether a request cannot be answered in time in a batch of that size. One that no time would be enough for is
        tried: the estimate may be old."""
        estimate = self.duration.seconds(size)
        return estimate < self._timeout and deadline < begin + estimate

    def is_full(self, waiting: int) -> bool:
        """Whether one more would wait longer than it may, or than is sensible."""
        if waiting < self.limit:
            return False
        if waiting >= QUEUE_MAX_BATCHES * self.limit:
            return True
        rounds = math.ceil((waiting + 1) / self.limit / self._concurrency) + 1  # one is under way
        return rounds * self.duration.seconds(self.limit) > self._timeout

    def gather(
        self, waiting: deque[Pending], wanted: Container[int], now: float
    ) -> tuple[list[Pending], list[Pending]]:
        """Takes the next batch off the queue, as much as it holds, and what is too late for it; what is not ``wanted``
        any more is left out. A call goes alone."""
        begin = self.next_place(now)
        group: list[Pending] = []
        late: list[Pending] = []
        size = 0
        while waiting and len(group) < self.limit:
            pending = waiting[0]
            size += len(pending.body)
            if group and (pending.kind != wire.REQUEST or size > BATCH_MAX_BYTES):
                break
            waiting.popleft()
            if pending.id not in wanted:
                continue
            # those behind it have later deadlines: if it is in time they all are
            if not group and self.is_late(pending.deadline, begin, min(self.limit, 1 + len(waiting))):
                late.append(pending)
                continue
            group.append(pending)
            if pending.kind != wire.REQUEST:
                break
        return group, late

    def sent(self, ids: list[int], now: float) -> None:
        """A batch of these requests has gone to the worker."""
        self._sent.append(_Sent(ids, now if len(self._sent) < self._concurrency else None))
        self._next_end = None

    def answered(self, id: int, now: float) -> int:
        """The size of the batch that ended with this answer; 0 when it did not end."""
        for index, batch in enumerate(self._sent):
            if id in batch.ids:
                batch.ids.discard(id)
                if batch.ids:
                    return 0
                del self._sent[index]
                self._next_end = None
                if batch.since is not None:
                    self.duration.add(batch.size, now - batch.since)
                for next in self._sent:
                    if next.since is None:
                        next.since = now
                return batch.size
        return 0
