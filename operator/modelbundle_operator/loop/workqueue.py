"""Which bundle to look at next: the part of controller-runtime that Kubernetes clients for Python leave out.

Namespaces take turns, and of heavy keys, whose objects are costly to write, one at a time is in work (turns.py). Three
promises, each with its reason. A key that is queued twice is handed out once, as reconcile looks at the newest state
anyway. A key is never in two workers, or they would undo each other's work. A key that fails comes back later and
later, with jitter, so that a thousand bundles waiting for one broken store do not knock in step.
"""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from modelbundle_operator.loop.backoff import backoff
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.turns import Turns

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 300.0
JITTER = 0.2


@dataclass
class Counters:
    """What the metrics page tells of the queue."""

    adds: int = 0
    retries: int = 0


@dataclass
class WorkQueue:
    """Keys that want attention, now or later, and the workers that share them. Belongs to one event loop."""

    workers: int = 16
    jitter: Callable[[], float] = field(default=lambda: random.uniform(1 - JITTER, 1 + JITTER))
    clock: Callable[[], float] = time.monotonic
    counters: Counters = field(default_factory=Counters)
    is_heavy: Callable[[Key], bool] = field(default=lambda key: False)

    def __post_init__(self) -> None:
        self._ready = Turns(self.workers)
        self._queued: set[Key] = set()
        self._working: dict[Key, float] = {}
        self._again: set[Key] = set()
        self._timers: dict[Key, asyncio.TimerHandle] = {}
        self._failures: dict[Key, int] = {}
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._closed = False

    def __len__(self) -> int:
        return len(self._ready)

    def add(self, key: Key) -> None:
        """Look at `key` as soon as a worker is free."""
        if self._closed:
            return
        self.counters.adds += 1
        if key in self._working:
            self._again.add(key)
        elif key not in self._queued:
            self._queued.add(key)
            self._ready.add(key, heavy=self.is_heavy(key))
            self._wake()

    def add_after(self, key: Key, seconds: float) -> None:
        """Look at `key` in `seconds`, or sooner if that was asked for before."""
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        pending = self._timers.get(key)
        if pending is not None:
            if pending.when() <= loop.time() + seconds:
                return
            pending.cancel()
        self._timers[key] = loop.call_later(seconds, self._due, key)

    def retry(self, key: Key, after: float | None = None) -> float:
        """Look at `key` again after a failure; the seconds until then, which grow with each failure in a row.

        `after`: at the earliest. A server that is full names the same short time again and again, or none at all.
        """
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.counters.retries += 1
        grown = backoff(failures, first=FIRST_RETRY_SECONDS, longest=LONGEST_RETRY_SECONDS)
        seconds = max(grown, after or 0.0) * self.jitter()
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: Key) -> None:
        """`key` went well: its next failure is the first."""
        self._failures.pop(key, None)

    def failures(self, key: Key) -> int:
        """How often in a row `key` has failed."""
        return self._failures.get(key, 0)

    async def get(self) -> Key | None:
        """The next key, or None once the queue is closed. The caller must call done(key)."""
        while (key := self._ready.next()) is None:
            if self._closed:
                return None
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled():
                    self._wake()  # our turn came while we were being cancelled: pass it on
                raise
        self._queued.discard(key)
        self._working[key] = self.clock()
        # the look that starts now decides again when the next one is due
        if (timer := self._timers.pop(key, None)) is not None:
            timer.cancel()
        return key

    def done(self, key: Key) -> None:
        """The worker has finished with `key`; if something happened to it meanwhile, it is next in line again."""
        self._working.pop(key, None)
        self._ready.done(key)
        self._wake()  # where a namespace may not hold another worker, another namespace's worker waits
        if key in self._again:
            self._again.discard(key)
            self.add(key)

    def open(self) -> None:
        """Take in and hand out; a new queue is open."""
        self._closed = False

    def close(self) -> None:
        """Hand out nothing more, and take in nothing. Workers finish what they hold; the rest is found again as work
        begins again, which looks at everything."""
        self._closed = True
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._ready.clear()
        self._queued.clear()
        self._again.clear()
        self._failures.clear()
        while self._waiting:
            self._wake()

    def longest_unfinished_seconds(self) -> float:
        """How long the slowest key has been in work."""
        return self.clock() - min(self._working.values()) if self._working else 0.0

    def _due(self, key: Key) -> None:
        self._timers.pop(key, None)
        self.add(key)

    def _wake(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
