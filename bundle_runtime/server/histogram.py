"""Latencies in buckets. The hot path adds to plain numbers: an object of prometheus-client takes a lock and some
microseconds for each observation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

# 20 us to 5 min: the phases of a small request have tens of microseconds
BOUNDS = (
    0.00002, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0,
    10.0, 30.0, 60.0, 300.0,
)  # fmt: skip


class Histogram:
    """Counts by bound, and the sum, of seconds."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One of them."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def observe_all(self, seconds: list[float]) -> None:
        """Many at a time cost a tenth."""
        seconds.sort()
        before = 0
        for place, bound in enumerate(BOUNDS):
            upto = bisect_right(seconds, bound, before)
            self.counts[place] += upto - before
            before = upto
        self.counts[-1] += len(seconds) - before
        self.total += sum(seconds)

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus has them: upper bound in seconds, and how many are not above it."""
        found = []
        so_far = 0
        for bound, count in zip([*map(str, BOUNDS), "+Inf"], self.counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found
