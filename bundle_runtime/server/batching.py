"""How many requests make a batch, and which of them are too late: for bundles with predict_batch.

Nothing waits for others to come: an idle worker gets what there is. Under load a batch is what came while the last one
ran. Its duration is a line in its size, fitted to the last ones; a request that would be answered too late is not
begun, as everything behind it would pay for it, and the queue is as long as can be answered in time. Pure.
"""

from __future__ import annotations

import math
from collections import deque

SAMPLES = 50
MARGIN = 0.9  # of the last batches that took no longer than the estimate says
LONGEST_QUEUE = 64  # batches


class Duration:
    """seconds(n) = a n + b by least squares, and the residual that MARGIN of the samples stay below."""

    def __init__(self) -> None:
        self._samples: deque[tuple[int, float]] = deque(maxlen=SAMPLES)
        self._a = self._b = self._margin = 0.0

    def add(self, size: int, seconds: float) -> None:
        self._samples.append((size, seconds))
        count = len(self._samples)
        mean_size = sum(size for size, _ in self._samples) / count
        mean_seconds = sum(seconds for _, seconds in self._samples) / count
        spread = sum((size - mean_size) ** 2 for size, _ in self._samples)
        slope = sum((size - mean_size) * (seconds - mean_seconds) for size, seconds in self._samples)
        self._a = max(0.0, slope / spread) if spread else 0.0
        self._b = mean_seconds - self._a * mean_size
        residuals = sorted(seconds - self._a * size - self._b for size, seconds in self._samples)
        self._margin = max(0.0, residuals[math.ceil(MARGIN * count) - 1])

    def seconds(self, size: int) -> float:
        """0 before anything is known."""
        return max(0.0, self._a * size + self._b + self._margin) if self._samples else 0.0


class Batches:
    """The batches that run, and what they teach. ``limit`` is the most that predict_batch takes."""

    def __init__(self, limit: int, concurrency: int, timeout: float) -> None:
        self.limit = limit
        self._concurrency = concurrency
        self._timeout = timeout
        self._running: list[tuple[set[int], int, float]] = []  # ids without an answer, size, when it was sent
        self.duration = Duration()

    @property
    def idle(self) -> bool:
        return len(self._running) < self._concurrency

    def is_late(self, deadline: float, now: float, size: int) -> bool:
        """Whether a request cannot be answered in time in a batch of that size. One that no time would be enough for is
        tried: the estimate may be old."""
        estimate = self.duration.seconds(size)
        return estimate < self._timeout and deadline < now + estimate

    def is_full(self, waiting: int) -> bool:
        """Whether one more would wait longer than it may, or than is sensible."""
        if waiting >= LONGEST_QUEUE * self.limit:
            return True
        if waiting < self.limit:
            return False
        rounds = math.ceil((waiting + 1) / self.limit / self._concurrency) + 1  # one is under way
        return rounds * self.duration.seconds(self.limit) > self._timeout

    def sent(self, ids: list[int], now: float) -> None:
        self._running.append((set(ids), len(ids), now))

    def answered(self, id: int, now: float) -> int:
        """The size of the batch that ended with this answer; 0 when it did not end."""
        for index, (ids, size, since) in enumerate(self._running):
            if id in ids:
                ids.discard(id)
                if ids:
                    return 0
                del self._running[index]
                self.duration.add(size, now - since)
                return size
        return 0
