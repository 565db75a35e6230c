"""One run: a load for some seconds, what of it was answered in time, and what that cost the server."""

from __future__ import annotations

import math
import statistics
import time
from typing import Any

import uvloop

from tools.benchmarks.batching.models import Model, expected
from tools.benchmarks.batching.servers import Serving
from tools.benchmarks.harness import processes
from tools.benchmarks.harness.open_loop import Answer, Route, poisson, send


def under_load(serving: Serving, model: Model, load: float, seconds: float, seed: int) -> dict[str, Any]:
    """``load`` is a share of the capacity. What arrives in the first SLO is not counted; an overload begins with as
    many requests as the model answers in one SLO, else a queue without end would look well until it has grown."""
    burst = [0.0] * round(model.capacity * model.slo) if load > 1 else []
    plan = burst + poisson(model.capacity * load, 1.5 * model.slo + seconds, seed)
    pids = processes.tree(serving.processes)
    before, started = [processes.own_cpu_seconds(pid) for pid in pids], time.monotonic()
    own = time.process_time()
    answers = uvloop.run(send(serving.batched, plan, expected, 2 * model.slo))
    took, own = time.monotonic() - started, time.process_time() - own
    used = [processes.own_cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
    counted = [answer for answer in answers if model.slo <= answer.planned < model.slo + seconds]
    good = sum(answer.right and answer.seconds <= model.slo for answer in counted)
    times = sorted(answer.seconds for answer in counted if answer.status == 200 or answer.seconds == math.inf)
    return {
        "load": load,
        "requests": len(counted),
        "goodput": good / len(counted),
        "ofIdeal": good / min(len(counted), model.capacity * seconds),
        "late": sum(answer.seconds > model.slo for answer in counted if answer.status in (0, 200)) / len(counted),
        "refused": sum(answer.status >= 400 for answer in counted) / len(counted),
        "lost": sum(answer.status == 0 and answer.seconds < math.inf for answer in counted),
        "wrong": sum(answer.status == 200 and not answer.right for answer in answers),
        "p50Ms": _milliseconds(times, 0.5),
        "p99Ms": _milliseconds(times, 0.99),
        "processorMicros": sum(used) / len(answers) * 1e6,
        "busiestProcess": max(used) / took,
        "clientProcessor": own / took,
        "clientLagP99Ms": _milliseconds(sorted(answer.lag for answer in counted), 0.99),
    }


def idle(route: Route, model: Model, load: float, seconds: float, seed: int) -> list[Answer]:
    """Those with status 200 have to be right; others are for the caller to count."""
    plan = poisson(model.capacity * load, seconds, seed)
    answers = uvloop.run(send(route, plan, expected, 2 * model.slo))
    wrong = [answer for answer in answers if answer.status == 200 and not answer.right]
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(answers)} answers at {load:.0%} load are wrong: {wrong[0]}")
    return answers


def oversleep() -> float:
    """How quiet the machine is: the milliseconds that 99 of 100 sleeps of 5 ms stay within, over what they should."""
    over = []
    for _ in range(100):
        start = time.perf_counter()
        time.sleep(0.005)
        over.append(time.perf_counter() - start - 0.005)
    return 1000 * statistics.quantiles(over, n=100)[98]


def _milliseconds(times: list[float], share: float) -> float | None:
    """None: not even that many were answered."""
    found = times[min(len(times) - 1, int(share * len(times)))] if times else math.inf
    return None if found == math.inf else found * 1000
