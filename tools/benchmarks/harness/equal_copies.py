"""A checkout against another one, with two equal copies of the first: what they differ by is the machine's."""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LIMIT = 0.05  # beyond the spread of equal copies
HERE, AGAIN, OTHER = COPIES = ("this checkout", "this checkout, again", "the other checkout")


@dataclass(frozen=True)
class Row:
    """One figure: its medians of the rounds, and the ratio that they give."""

    name: str
    here: float
    again: float
    other: float
    less_is_better: bool = field(default=True, kw_only=True)

    @property
    def ratio(self) -> float:
        """How much worse this checkout is than the other one: 1 is equal, below 1 it is better."""
        mean = statistics.mean((self.here, self.again))
        return mean / self.other if self.less_is_better else self.other / mean

    @property
    def spread(self) -> float:
        return max(self.here, self.again) / min(self.here, self.again)

    @property
    def is_equal(self) -> bool:
        """No worse than the other one, as far as this run can tell."""
        return round(self.ratio - self.spread, 6) <= LIMIT


def in_turn(number: int) -> tuple[str, ...]:
    """The copies in the order of this round: each comes first in every third."""
    turn = number % len(COPIES)
    return COPIES[turn:] + COPIES[:turn]


def run(
    compare: Callable[[Path, int, int], list[Row]],
    prog: str,
    about: str,
    argv: Sequence[str] | None,
    rounds: int,
    seconds: int,
) -> int:
    """A command that compares two checkouts: its exit code, 1 when a row is worse than in the other one."""
    parser = argparse.ArgumentParser(prog=prog, description=about)
    parser.add_argument("checkout", type=Path, help="the other checkout's directory")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--seconds", type=int, default=seconds, help="of each row in each round")
    options = parser.parse_args(argv)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    rows = compare(options.checkout.resolve(), options.rounds, options.seconds)
    print("| row | this | again | other | ratio | spread of equal copies |\n|---|---|---|---|---|---|")
    for row in rows:
        figures = f"{row.here:.3g} | {row.again:.3g} | {row.other:.3g} | {row.ratio:.3f} | {row.spread:.3f}"
        print(f"| {row.name} | {figures} |" + ("" if row.is_equal else " worse"))
    return 0 if all(row.is_equal for row in rows) else 1
