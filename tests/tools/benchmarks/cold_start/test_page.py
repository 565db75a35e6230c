"""The page compares with the bare pod, and holds each row that was measured."""

from __future__ import annotations

from typing import Any

from tools.benchmarks.cold_start.page import page
from tools.benchmarks.cold_start.rounds import BARE, BUNDLE, ROWS

FACTS: dict[str, Any] = {"seconds": 9.0, "loadBefore": 0.5, "versions": {"kubernetes": "v1"}}


def run(row: str, number: int, seconds: float, requirements: str = "no requirements") -> dict[str, Any]:
    return {
        **{"round": number, "requirements": requirements, "row": row},
        **{"seconds": seconds, "held": 2.0, "bytes": 3 << 20},
    }


def test_a_row_has_median_and_spread_and_what_it_takes_more_than_the_bare_pod() -> None:
    text = page({**FACTS, "runs": [run(BARE, 1, 2.0), *(run(BUNDLE, n, s) for n, s in ((1, 3.5), (2, 4.0), (3, 9.0)))]})
    assert f"| {BUNDLE} | 4.0 (3.5 to 9.0) | +2.0 | 2 (2 to 2) | 3.0 |" in text
    assert f"| {BARE} | 2.0 |  | 2 | 3.0 |" in text


def test_a_row_that_was_not_measured_is_not_there() -> None:
    text = page({**FACTS, "runs": [run(BARE, 1, 2.0)]})
    assert [row for row in ROWS if f"| {row} |" in text] == [BARE]


def test_no_two_rows_have_one_name() -> None:
    assert len(set(ROWS)) == len(ROWS)
