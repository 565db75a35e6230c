"""Batching in this checkout against another one of the project, such as a `git worktree` of an earlier commit.

Two equal copies of this one run beside it, in alternating rounds: a ratio within their spread is no difference.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools.benchmarks.batching import measure
from tools.benchmarks.batching.models import CPU, GPU, Model
from tools.benchmarks.batching.servers import ours
from tools.benchmarks.harness.equal_copies import AGAIN, COPIES, HERE, OTHER, Row, in_turn, run
from tools.testkit.pair import REPOSITORY

LOADS = (0.5, 0.95, 1.2, 2.0)  # of the capacity
LESS_IS_BETTER = {"goodput, of ideal": False, "CPU, us a request": True, "p50, ms": True}


def main(argv: Sequence[str] | None = None) -> int:
    return run(compare, "python -m tools.benchmarks.batching.compare", __doc__, argv, rounds=3, seconds=4)


def compare(checkout: Path, rounds: int, seconds: int) -> list[Row]:
    checkouts = {HERE: REPOSITORY, AGAIN: REPOSITORY, OTHER: checkout}
    found: dict[tuple[str, str], list[float]] = {}
    for number in range(rounds):
        for model in (GPU, CPU):
            for name in in_turn(number):
                for row, value in _figures(checkouts[name], model, seconds, number).items():
                    found.setdefault((row, name), []).append(value)
                    print(f"round {number + 1}, {name}, {row}: {value:.3f}", file=sys.stderr, flush=True)
    medians = {key: statistics.median(values) for key, values in found.items()}
    names = dict.fromkeys(row for row, _ in found)
    return [
        Row(row, *(medians[row, name] for name in COPIES), less_is_better=LESS_IS_BETTER[row.split(": ")[1]])
        for row in names
    ]


def _figures(checkout: Path, model: Model, seconds: int, seed: int) -> dict[str, float]:
    """Of each load; what comes first is not counted: it lets the server learn."""
    figures: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="bench-batching-") as scratch,
        ours(Path(scratch), model, checkout) as serving,
    ):
        measure.under_load(serving, model, 0.5, 2 * model.slo, 0)
        for load in LOADS:
            found = measure.under_load(serving, model, load, seconds, 1 + seed)
            if found["wrong"] or found["lost"]:
                raise SystemExit(f"{checkout}, {model.name} at {load:g}: wrong or lost answers: {found}")
            values = (found["ofIdeal"], found["processorMicros"], found["p50Ms"])
            pairs = zip(LESS_IS_BETTER, values, strict=True)
            figures |= {f"{model.name} at {load:g}: {what}": value for what, value in pairs if value is not None}
    return figures


if __name__ == "__main__":
    sys.exit(main())
