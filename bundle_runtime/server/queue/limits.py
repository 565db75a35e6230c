"""How many requests may be in a pod: some, as long as they can be answered in time; more, while they hardly wait. Pure.

A count alone does not fit all: ten that wait for a function of ten seconds wait in vain, ten for one of 50 us are no
load at all.
"""

from __future__ import annotations

import math

SHORT_WAIT_SECONDS = 1.0  # that the last in the queue is expected to wait
REQUESTS_MAX = 2048
QUEUED_MAX_BYTES = 64 * 1024 * 1024  # the largest body that a request may have


class QueueLimits:
    """Of one server: its worker's places, and how long a request may take."""

    def __init__(self, max_concurrency: int, queue_limit: int, timeout_seconds: float) -> None:
        self._usual = max_concurrency + queue_limit
        self._max_concurrency = max_concurrency
        self._timeout = timeout_seconds

    def admits(self, occupied: int, held_bytes: int, mean_seconds: float, since_progress: float) -> bool:
        """Whether one more may come. ``mean_seconds`` is what the last answers took in the worker, inf before the first
        one; a worker that has not answered for longer than that is no measure any more."""
        expected = occupied * mean_seconds / self._max_concurrency
        if occupied < self._usual:
            # what ran last may have been slow by chance: one for each place may always wait
            return occupied < 2 * self._max_concurrency or expected <= self._timeout or mean_seconds == math.inf
        quick = expected < SHORT_WAIT_SECONDS and since_progress < SHORT_WAIT_SECONDS
        return quick and occupied < REQUESTS_MAX and held_bytes < QUEUED_MAX_BYTES
