"""When a worker is of no use any more, and its end: with every thread's stack in the log.

The worker judges itself: a server that judged it can be gone while the model is loaded and well. The link's thread
beats once a second. What ends the worker, after the time that the server sends (wire.WATCH; not while it loads):
- no beat: something holds the interpreter lock (alarm.py);
- as many beats at which every place is taken by a call, none of which began or gave an item meanwhile. Beats are
  counted, not time: a process that was stopped, or whose clock was set, has not beaten.

While it loads, the time that the pod gives it to start ends it: a startup probe would do the same, and Kubernetes looks
at a pod anew, which takes up to a second, before it calls one ready whose startup probe has succeeded.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time
from functools import partial
from typing import Any, Callable

from bundle_runtime.contract.report import STARTUP_TIMEOUT, Report, write
from bundle_runtime.worker.connection.alarm import Alarm
from bundle_runtime.worker.timing import Stopwatch
from bundle_runtime.worker.user_errors import log

REASON = "WorkerStalled"
_STDERR = 2
BEAT_SECONDS = 1.0
_monotonic = partial(time.monotonic)  # as link.py has it, where user code has stopped the clock
LOCK_SECONDS = 5.0  # the alarm comes later than the beat that ends a start, and only where none comes


class StallDetector:
    """Of what loads, from limit_start(); of what predicts, from start(), once the bundle is loaded."""

    def __init__(self, items: Callable[[], int]) -> None:
        self._items = items  # how much streams have given: one that goes on does not hang
        self._seconds = 0.0
        self._marks: Callable[[], tuple[int, ...]] | None = None
        self._idle: Callable[[], bool] = lambda: True
        self._alarm: Alarm | None = None
        self._arming = threading.Lock()
        self._last: tuple[int, ...] = ()
        self._beats = 0
        self._next = 0.0
        self._start_seconds = 0.0
        self._started_by = 0.0

    def limit_start(self, seconds: float) -> None:
        """The bundle is to be loaded within that time from now; 0: no limit."""
        if not seconds:
            return
        self._start_seconds = seconds
        self._started_by = _monotonic() + seconds
        with self._arming:
            self._alarm = Alarm()
            self._alarm.set(seconds + LOCK_SECONDS)

    def set_timeout(self, seconds: float) -> None:
        """What the server sends before its first request; 0: never."""
        self._seconds = seconds
        self._arm()

    def start(self, marks: Callable[[], tuple[int, ...]], idle: Callable[[], bool]) -> None:
        """The bundle is loaded. ``marks`` change whenever a call begins or ends; ``idle``: one more could begin."""
        self._idle = idle
        self._marks = marks
        if not self._arm() and self._alarm is not None:  # the first call may be the one that hangs
            self._alarm.set(0.0)

    def beat(self) -> None:
        """About once a second, by the link's thread."""
        now = _monotonic()
        if self._marks is None and self._started_by and now >= self._started_by:
            self._end_start()
        if not self._arm():
            return
        if now >= self._next:
            self._next = now + BEAT_SECONDS * 0.9
            self._count_beat()

    def _arm(self) -> bool:
        """False when there is nothing to watch: the bundle is loading, or no timeout has come."""
        if not self._seconds or self._marks is None:
            return False
        with self._arming:  # a second alarm would go off, as only one of them is set again
            if self._alarm is None:
                self._alarm = Alarm()
            self._alarm.set(self._seconds)
        return True

    def stop(self, seconds: float = 0.0) -> None:
        """The process is about to exit: nothing is counted any more. An interpreter that ends runs no thread, and may
        wait for code of the user or of a library for good: the alarm ends it after that time; 0: never."""
        self._seconds = self._started_by = 0.0
        with self._arming:
            if self._alarm is None and seconds:
                self._alarm = Alarm()
            if self._alarm is not None:
                self._alarm.set(seconds)

    def _count_beat(self) -> None:
        assert self._marks is not None
        marks = (*self._marks(), self._items())
        if marks != self._last:
            self._last = marks
            self._beats = 0
            return
        self._beats += 1
        if self._beats * BEAT_SECONDS >= self._seconds and not self._idle():
            self._end_process()

    def _end_start(self) -> None:
        self._end(
            STARTUP_TIMEOUT,
            f"the bundle was not loaded within {self._start_seconds:g} s (serving.startupTimeoutSeconds). The worker's "
            "log has the stack of each thread",
        )

    def _end_process(self) -> None:
        seconds = f"{self._seconds:g} s"
        self._end(
            REASON,
            f"predict_fn has not returned for {seconds}, long after requestTimeoutSeconds, and holds every place: the "
            "worker ends itself, so that it is started again. Its log has the stack of each thread",
        )

    def _end(self, reason: str, message: str) -> None:
        log(f"worker: {reason}: {message}")
        faulthandler.dump_traceback(file=_STDERR, all_threads=True)
        write(Report(reason, message))
        os._exit(1)


class Threads:
    """Those that predict, one call at a time each. One that waits for work runs the code ``idle``."""

    def __init__(self, stall: StallDetector, count: int, idle: Any) -> None:
        self._stall = stall
        self._count = count
        self._idle = idle
        self._watches: dict[int, Stopwatch] = {}

    def add(self, watch: Stopwatch) -> None:
        """Called on each of them."""
        self._watches[threading.get_ident()] = watch
        if len(self._watches) == self._count:
            self._stall.start(self._marks, self._any_idle)

    def _marks(self) -> tuple[int, ...]:
        return tuple(watch.started for watch in self._watches.values())

    def _any_idle(self) -> bool:
        frames = sys._current_frames()
        found = [frames.get(thread) for thread in self._watches]
        return any(frame is not None and frame.f_code is self._idle for frame in found)
