"""Where the time of a request goes in the worker, for the frame that answers it.

docs/reference/wire.md has the three phases.
"""

from __future__ import annotations

from time import perf_counter_ns

from bundle_runtime.contract import wire


class Stopwatch:
    """Of one thread, started again for each request. All times are nanoseconds of perf_counter_ns()."""

    __slots__ = ("_called", "_entered", "_paused", "_user", "_waited", "started")

    def __init__(self) -> None:
        self.started = 0  # the last one; connection/stall.py looks at it from another thread

    def start(self) -> None:
        self.started = perf_counter_ns()
        self._called = 0
        self._user = 0
        self._waited = 0

    def enter(self) -> None:
        """User code begins: once for most requests, for each instance or item of others."""
        self._entered = now = perf_counter_ns()
        if not self._called:
            self._called = now

    def leave(self) -> None:
        self._user += perf_counter_ns() - self._entered

    def pause(self) -> None:
        """A stream waits for its client: that is none of the worker's phases."""
        self._paused = perf_counter_ns()

    def resume(self) -> None:
        self._waited += perf_counter_ns() - self._paused

    def phases(self) -> wire.Phases:
        now = perf_counter_ns()
        called = self._called or now  # what fails before the call has spent all its time on that
        user = self._user
        return (called - self.started) // 1000, user // 1000, (now - called - user - self._waited) // 1000
