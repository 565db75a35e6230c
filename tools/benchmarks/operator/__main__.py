"""`make bench-operator`: many bundles on a real control plane with fake pods, beside a floor.

Writes tools/benchmarks/results/operator.md and operator.json.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from tools.benchmarks.harness.results import RESULTS, machine, publish
from tools.benchmarks.operator.cases import Case
from tools.benchmarks.operator.load import TOGETHER
from tools.benchmarks.operator.measure import measure
from tools.benchmarks.operator.page import page
from tools.benchmarks.operator.plan import WORKERS
from tools.local_cluster import versions

SIZES = "100,1000,5000"
PACE = 50.0
QUICK = 50


def main() -> None:
    options = _parser().parse_args()
    result: dict[str, Any] = {
        "loadBefore": os.getloadavg()[0],
        "versions": {**machine(), "kubernetes": versions.KUBERNETES, "KWOK": versions.KWOK},
        "workers": WORKERS,
        "together": TOGETHER,
        "runs": [],
    }
    began = time.monotonic()
    for case in _cases(options):
        print(f"{case.name}: measuring", file=sys.stderr, flush=True)
        run = measure(case, options.limit, _idle(case, options))
        print(f"{case.name}: {json.dumps(run)}", file=sys.stderr, flush=True)
        result["runs"].append(run)
        result["seconds"] = time.monotonic() - began
        publish("operator", result, page, options.to)  # after each, as the whole takes an hour


def _idle(case: Case, options: argparse.Namespace) -> float:
    seconds: float = options.idle
    if options.quick:
        return min(seconds, 10)
    return 10 * seconds if case.kind == "mixed" else seconds


def _cases(options: argparse.Namespace) -> list[Case]:
    if options.quick:
        return [
            Case("stored", QUICK),
            Case("serving", QUICK),
            Case("family", QUICK),
            Case("stored", QUICK, PACE / 5),
            Case("mixed", QUICK),
        ]
    return [
        *(Case("stored", size) for size in options.stored),
        *(Case("serving", size) for size in options.serving),
        *(Case("family", size) for size in options.family),
        *(Case("stored", size, PACE) for size in options.paced),
        *(Case("mixed", size) for size in options.mixed),
    ]


def _sizes(text: str) -> list[int]:
    return [int(part) for part in text.split(",") if part]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.operator", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK} bundles of each kind: see whether it works")
    parser.add_argument("--stored", type=_sizes, default=SIZES, help=f"how many bundles, by default {SIZES}; '': none")
    parser.add_argument("--serving", type=_sizes, default=SIZES, help="likewise, of bundles with one replica")
    parser.add_argument("--family", type=_sizes, default="1000", help="likewise, of a base and its clones")
    parser.add_argument("--paced", type=_sizes, default="1000", help=f"likewise, stored, created at {PACE:g}/s")
    parser.add_argument("--mixed", type=_sizes, default="6000", help="likewise, of which every sixth serves")
    parser.add_argument("--limit", type=float, default=1800, help="seconds that a case may take")
    parser.add_argument(
        "--idle", type=float, default=60, help="seconds that the operator is left alone; ten times that, mixed"
    )
    parser.add_argument("--to", type=Path, default=RESULTS, help="where the result goes")
    return parser


if __name__ == "__main__":
    main()
