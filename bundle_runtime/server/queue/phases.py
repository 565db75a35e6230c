"""Where the time of a request went: in the queue, and in the three phases that the worker measures.

Kept as they come and put into buckets many at a time: four buckets for each request would be a tenth of its cost.
"""

from __future__ import annotations

from bundle_runtime.contract import wire
from bundle_runtime.server.histogram import Histogram
from bundle_runtime.server.queue.request import Pending

FLUSH_COUNT = 256


class Phases:
    """A histogram of seconds for each phase."""

    def __init__(self) -> None:
        self._histograms = {phase: Histogram() for phase in ("queue", "batch", "user", "serialise")}
        # seconds in the queue where they are known, seconds since the admission, microseconds of each phase
        self._new: list[tuple[float, float, wire.Phases]] = []

    def observe(self, pending: Pending, now: float, phases: wire.Phases) -> None:
        """A request that ended ``now``; ``phases`` are the microseconds that the worker measured."""
        self._new.append((pending.queued, now - pending.admitted, phases))
        if len(self._new) >= FLUSH_COUNT:
            self._count()

    @property
    def histograms(self) -> dict[str, Histogram]:
        """By phase, with all that has been observed."""
        if self._new:
            self._count()
        return self._histograms

    def _count(self) -> None:
        new, self._new = self._new, []
        self._histograms["queue"].observe_all(
            [known if known >= 0.0 else queued(since, phases) for known, since, phases in new]
        )
        for place, phase in enumerate(("batch", "user", "serialise")):
            self._histograms[phase].observe_all([phases[place] * 1e-6 for _, _, phases in new])


def queued(since: float, phases: wire.Phases) -> float:
    """Seconds until the worker took it, ``since`` its admission; the way between the processes is in it, as the worker
    cannot know that."""
    return max(0.0, since - sum(phases) * 1e-6)
