"""This checkout against another one of the project, such as a `git worktree` of an earlier commit: CPU per request, and
how long a start takes.

Two equal copies of this one run beside it, in alternating rounds: a ratio within their spread is no difference.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tools.benchmarks.harness import programs
from tools.benchmarks.harness.asks import Case
from tools.benchmarks.harness.equal_copies import AGAIN, COPIES, HERE, OTHER, Row, in_turn, run
from tools.benchmarks.serving import ours
from tools.benchmarks.serving.cases import BODIES, OTHERS, SMALL
from tools.benchmarks.serving.measure import Bench, Plan
from tools.benchmarks.serving.servers import SERVERS, Server

CASES = [SMALL, BODIES[1], *OTHERS[2:]]  # small, 100 KB, an image tensor, events
START = "from both processes begun to ready, ms"


def main(argv: Sequence[str] | None = None) -> int:
    return run(compare, "python -m tools.benchmarks.serving.compare", __doc__, argv, rounds=5, seconds=2)


def compare(checkout: Path, rounds: int, seconds: int) -> list[Row]:
    """Needs two cores: one for the servers, one for the client."""
    cores = sorted(os.sched_getaffinity(0))
    one, client = set(cores[:1]), set(cores[1:2])
    plan = Plan(rounds, seconds, seconds, 0.0, programs.wrk(), one, set(cores[:2]), client, client)
    os.sched_setaffinity(0, client)
    base = next(server for server in SERVERS if server.name == "Model Bundles")
    starts = {HERE: base.start, AGAIN: base.start, OTHER: ours.start(schemas=True, checkout=checkout)}
    benches = {name: Bench(_server(base, name, start), plan) for name, start in starts.items()}
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for bench in map(benches.__getitem__, in_turn(number)):
            for case in CASES:
                for row, value in zip((START, case.row), _measured(bench, case), strict=True):
                    found.setdefault((row, bench.server.name), []).append(value)
                    print(f"round {number + 1}, {bench.server.name}, {row}: {value:.1f}", file=sys.stderr, flush=True)
    medians = {key: statistics.median(values) for key, values in found.items()}
    return [Row(row, *(medians[row, name] for name in COPIES)) for row in (*(case.row for case in CASES), START)]


def _server(base: Server, name: str, start: ours.Start) -> Server:
    return Server(name, base.version, start, base.ask, base.health, "", one_function=True)


def _measured(bench: Bench, case: Case) -> tuple[float, float]:
    """Milliseconds of a start, and CPU microseconds of a request."""
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as scratch:
        begun = time.monotonic()
        with bench.server.start(Path(scratch) / "server", (case.function,), bench.plan.one) as served:
            start_ms = 1000 * (time.monotonic() - begun)
            record = bench.load(served, case, 1, case.clients, bench.plan.seconds)
    if "cpuUs" not in record:
        raise SystemExit(f"{bench.server.name}, {case.row}: {record.get('error') or record.get('missing')}")
    return start_ms, float(record["cpuUs"])


if __name__ == "__main__":
    sys.exit(main())
