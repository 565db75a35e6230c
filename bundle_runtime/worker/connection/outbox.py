"""Items on their way to the server: at once while they come slowly or are few, many together when they come fast.

A send for each item costs more than all else that is done for it. Yet no item waits for the next one: when the function
does not come back within FLUSH_INTERVAL_NS, a thread sends what there is. That thread needs the interpreter lock, which
some calls into C hold for long; hence the few items, such as a sentence's last tokens, that may be sent at once even
when they come fast.
"""

from __future__ import annotations

import queue
import threading
import time
from time import perf_counter_ns

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.timing import Stopwatch

FLUSH_INTERVAL_NS = 1_000_000  # one send in each, on average
MAX_SENDS_IN_A_ROW = 4  # without an interval between them, after as many intervals without a send
MAX_JOINED_BYTES = 32 * 1024  # of items in one frame; a larger item goes alone


class Outbox:
    """Of one stream. The thread that predicts puts in and ends; the flusher's takes out only what is due."""

    def __init__(self, connection: Connection, id: int, watch: Stopwatch) -> None:
        self._connection = connection
        self._id = id
        self._watch = watch
        self._lock = threading.Lock()
        self._texts: list[bytes] = []
        self._size = 0
        self._phases = wire.NO_TIME  # at the first of them: the flusher cannot ask the other thread's watch
        self._due = 0
        self._next = 0  # when the next send may be: the further behind, the more at once

    def put(self, text: bytes) -> None:
        now = perf_counter_ns()
        size = len(text)
        with self._lock:
            if self._size + size > MAX_JOINED_BYTES:
                self._send_untimed()
            texts = self._texts
            if not texts:
                self._phases = self._watch.phases()
            texts.append(text)
            self._size += size
            if now < self._next and self._size < MAX_JOINED_BYTES:
                if len(texts) == 1:
                    self._due = now + FLUSH_INTERVAL_NS
                    flusher.wake(self._due, self)
                return
            self._send_untimed()
            self._sent(now)

    def flush(self) -> None:
        with self._lock:
            self._send_untimed()

    def flush_due(self, due: int) -> None:
        """Unless what was due then has gone already."""
        with self._lock:
            if self._texts and due == self._due:
                self._send()
                self._sent(perf_counter_ns())

    def end(self, frame: bytes, *, drop: bool) -> None:
        """``frame`` is the last one; ``drop``: nobody wants what is still here."""
        with self._lock:
            if drop:
                self._texts.clear()
            self._send(frame)

    def _send_untimed(self) -> None:
        self._watch.pause()
        self._send()
        self._watch.resume()

    def _sent(self, now: int) -> None:
        earliest = now - (MAX_SENDS_IN_A_ROW - 1) * FLUSH_INTERVAL_NS
        self._next = min(max(self._next, earliest), now) + FLUSH_INTERVAL_NS

    def _send(self, last: bytes = b"") -> None:
        frames = last
        if self._texts:
            frames = wire.pack(wire.ITEM, self._id, b"\n".join(self._texts), self._phases) + last
            self._texts.clear()
            self._size = 0
        if frames:
            self._connection.send(frames)


class Flusher:
    """One thread for all streams: the interval is the same for all, so what is put in first is due first."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[tuple[int, Outbox]] = queue.SimpleQueue()
        self._starting = threading.Lock()
        self._started = False

    def wake(self, due: int, outbox: Outbox) -> None:
        self._queue.put((due, outbox))
        if not self._started:
            with self._starting:
                if not self._started:  # where no thread can begin this stream ends, and the next one tries again
                    threading.Thread(target=self._run, name="modelbundle-flusher", daemon=True).start()
                    self._started = True

    def _run(self) -> None:
        while True:
            due, outbox = self._queue.get()
            wait = due - perf_counter_ns()
            if wait > 0:
                time.sleep(wait * 1e-9)
            outbox.flush_due(due)


flusher = Flusher()
