"""How many requests may be in a pod: some always, more as long as they will not wait long. Pure.

A count alone is wrong for somebody: ten who wait for a function of a second wait long enough, ten for one of 50 us are
no load at all.
"""

from __future__ import annotations

SECONDS = 1.0  # that the last in the queue is expected to wait
REQUESTS = 2048
BYTES = 64 * 1024 * 1024  # the largest body that a request may have


class Room:
    def __init__(self, max_concurrency: int, queue_limit: int) -> None:
        self.always = max_concurrency + queue_limit
        self._max_concurrency = max_concurrency

    def has(self, occupied: int, held_bytes: int, mean_seconds: float, since_progress: float) -> bool:
        """Whether one more may come. ``mean_seconds`` is what the last answers took in the worker, inf before the first
        one; a worker that has not answered for longer than that is no measure any more."""
        if occupied < self.always:
            return True
        quick = occupied * mean_seconds < SECONDS * self._max_concurrency and since_progress < SECONDS
        return quick and occupied < REQUESTS and held_bytes < BYTES
