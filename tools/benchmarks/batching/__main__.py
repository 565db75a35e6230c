"""Goodput and latency of a batch-friendly model behind a served bundle, BentoML and MLServer.

Three parts: the served bundle alone at the SLO of 100 ms; all three with the models stretched, so that their HTTP path
is not what saturates; and what batching costs where nothing waits. Servers take turns and rounds are repeated, so that
what the machine does beside is seen in the ranges. Writes tools/benchmarks/results/batching.md and batching.json.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.benchmarks.batching import measure
from tools.benchmarks.batching.models import CPU, GPU, Model
from tools.benchmarks.batching.page import page
from tools.benchmarks.batching.servers import SERVERS, Serving
from tools.benchmarks.harness.open_loop import Answer
from tools.benchmarks.harness.results import machine, publish

LOADS = (0.1, 0.5, 0.8, 0.95, 1.2, 2.0)
IDLE_LOAD = 0.02
# BentoML costs 2 ms of a processor a request: these have twice their capacity at half of one or less
STRETCHED = (GPU.stretched(16), CPU.stretched(8))


@dataclass(frozen=True)
class Extent:
    loads: Sequence[float] = LOADS
    rounds: int = 2
    seconds: float = 4
    idle_seconds: float = 3.0
    repeated_from: float = 0.95  # lower loads once, as nothing is lost there


QUICK = Extent(loads=(0.5, 1.2), rounds=1, seconds=2, idle_seconds=2)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.batching", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see whether it works, in two minutes")
    extent = QUICK if parser.parse_args().quick else Extent()
    started = time.monotonic()
    result: dict[str, Any] = {
        "alone": [],
        "beside": [],
        "idle": [],
        "oversleepP99Ms": [],
        "loadBefore": os.getloadavg()[0],
        "versions": machine(),
    }
    with tempfile.TemporaryDirectory(prefix="bench-batching-") as scratch:
        for number in range(extent.rounds):
            _round(Path(scratch) / str(number), extent, number, result)
    result["seconds"] = round(time.monotonic() - started)
    publish("batching", result, page)


def _round(root: Path, extent: Extent, number: int, result: dict[str, Any]) -> None:
    root.mkdir()
    for model in (GPU, CPU):
        result["oversleepP99Ms"].append(measure.oversleep())
        for name, serve in SERVERS.items():
            with serve(root / f"{name} {model.name} idle".replace(" ", "-"), model) as serving:
                result["versions"][name] = serving.version
                result["idle"].append({"server": name, "model": model.name, **_idle(serving, model, extent, number)})
                if name == "Model Bundles":
                    for run in _loads(serving, model, extent, number, LOADS if extent.rounds > 1 else extent.loads):
                        result["alone"].append({"server": name, "model": model.name, **run})
    for model in STRETCHED:
        result["oversleepP99Ms"].append(measure.oversleep())
        loads = [load for load in extent.loads if number == 0 or load >= extent.repeated_from]
        for name, serve in SERVERS.items():
            with serve(root / f"{name} {model.name} load".replace(" ", "-"), model) as serving:
                for run in _loads(serving, model, extent, number, loads):
                    result["beside"].append({"server": name, "model": model.name, "sloMs": model.slo * 1000, **run})


def _loads(
    serving: Serving, model: Model, extent: Extent, number: int, loads: Sequence[float]
) -> Iterator[dict[str, Any]]:
    """The first, which is not counted, lets the server learn; the last leaves queues that end with the server."""
    measure.under_load(serving, model, 0.5, 2 * model.slo, 0)
    for load in loads:
        run = {"round": number, **measure.under_load(serving, model, load, extent.seconds, 1 + number)}
        print(f"{model} at {load:g}: {run['ofIdeal']:.3f} of ideal", file=sys.stderr, flush=True)
        yield run


def _idle(serving: Serving, model: Model, extent: Extent, number: int) -> dict[str, Any]:
    """Both in turns, and the other one first in every other round."""
    answers: dict[str, list[Answer]] = {"batched": [], "plain": []}
    order = list(answers) if number % 2 else list(answers)[::-1]
    for turn in range(2):
        for way in order:
            seed = 100 * number + turn
            answers[way] += measure.idle(getattr(serving, way), model, IDLE_LOAD, extent.idle_seconds / 2, seed)
    p50 = {way: 1000 * statistics.median(one.seconds for one in all if one.right) for way, all in answers.items()}
    failed = {way: sum(not one.right for one in all) for way, all in answers.items()}
    requests = len(answers["plain"])
    return {"requests": requests, "failed": failed, "p50Ms": p50, "ratio": p50["batched"] / p50["plain"]}


if __name__ == "__main__":
    main()
