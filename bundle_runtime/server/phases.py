"""Where the time of a request went: in the queue, and in the three phases that the worker tells."""

from __future__ import annotations

from bundle_runtime import wire
from bundle_runtime.server.histogram import Histogram
from bundle_runtime.server.pending import Pending


class Phases:
    def __init__(self) -> None:
        self.histograms = {phase: Histogram() for phase in ("queue", "batch", "user", "serialise")}
        self._observers = tuple(histogram.observe for histogram in self.histograms.values())

    def observe(self, pending: Pending, now: float, phases: wire.Phases) -> None:
        queue, batch, user, serialise = self._observers
        queue(pending.queued if pending.queued >= 0.0 else queued(pending, now, phases))
        batch(phases[0] * 1e-6)
        user(phases[1] * 1e-6)
        serialise(phases[2] * 1e-6)


def queued(pending: Pending, now: float, phases: wire.Phases) -> float:
    """Seconds until the worker took it; the way between the processes is in it, as the worker cannot know that."""
    return max(0.0, now - pending.admitted - sum(phases) * 1e-6)
