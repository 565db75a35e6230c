"""How long a liveness probe takes while the model keeps Python's interpreter lock."""

from __future__ import annotations

import contextlib
import http.client
import math
import threading
import time

from tools.benchmarks.harness.asks import Ask
from tools.benchmarks.harness.closed_loop import WrongAnswer, once

PERIOD = 0.02
TIMEOUT = 5.0


def probe(port: int, path: str, hold: Ask, seconds: float) -> dict[str, float]:
    """One request after the other holds the lock; a probe every 20 ms, on a new connection each as the kubelet's.

    A probe that fails counts as one that took the time-out, which is longer than any goal.
    """
    statuses: list[int] = []
    stop = threading.Event()

    def holding() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                statuses.append(once(port, hold)[0])

    thread = threading.Thread(target=holding, daemon=True)
    thread.start()
    time.sleep(0.1)
    end = time.monotonic() + seconds
    taken = []
    while time.monotonic() < end:
        started = time.perf_counter()
        fine = _get(port, path)
        taken.append(time.perf_counter() - started if fine else TIMEOUT)
        time.sleep(max(0.0, PERIOD - taken[-1]))
    stop.set()
    thread.join()
    if not statuses or any(status != 200 for status in statuses):
        raise WrongAnswer(f"the request that holds the lock was answered {statuses[:5]}")
    return {name: quantile(taken, q) * 1000 for name, q in (("p50Ms", 0.5), ("p99Ms", 0.99), ("maxMs", 1.0))}


def quantile(values: list[float], q: float) -> float:
    """The smallest value that at least this part of all does not exceed."""
    return sorted(values)[max(0, math.ceil(q * len(values)) - 1)]


def _get(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status == 200
    return False
