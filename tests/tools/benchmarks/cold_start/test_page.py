"""The page compares with the bare pod, and holds each row that was measured."""

from __future__ import annotations

from typing import Any

from tools.benchmarks.cold_start.page import page
from tools.benchmarks.cold_start.rounds import BARE, OF_BUNDLE, OF_GPU, ROWS

BUNDLE, MIB = OF_BUNDLE[0], 1 << 20
FACTS: dict[str, Any] = {
    **{"seconds": 9.0, "loadBefore": 0.5, "versions": {"kubernetes": "v1"}},
    "bandwidth": {"index": 300.0 * MIB, "store": 200.0 * MIB},
    "lists": {
        "nothing": {"name": "no requirements", "lines": [], "bytes": 0},
        "libraries": {"name": "two of them", "lines": ["a==1", "b==2"], "bytes": 7 * MIB},
    },
}


def run(row: str, number: int, seconds: float, section: str = "nothing", **more: Any) -> dict[str, Any]:
    return {
        **{"round": number, "section": section, "row": row, "seconds": seconds, "held": 2.0, "bytes": 3 * MIB},
        **{"sent": MIB, "memory": 90 * MIB, "memoryOf": {"prepare": 40 * MIB, "worker": 60 * MIB}, **more},
    }


def test_a_row_has_median_and_spread_and_what_it_takes_more_than_the_bare_pod() -> None:
    text = page({**FACTS, "runs": [run(BARE, 1, 2.0), *(run(BUNDLE, n, s) for n, s in ((1, 3.5), (2, 4.0), (3, 9.0)))]})
    assert f"| {BUNDLE} | 4.0 (3.5 to 9.0) | +2.0 | 2 (2 to 2) | 3.0 | 90 (worker) |  |  |" in text
    assert f"| {BARE} | 2.0 |  | 2 | 3.0 | 90 (worker) |  |  |" in text
    assert "3 rounds." in text


def test_a_job_has_its_own_bytes_and_memory() -> None:
    job = {"jobBytes": 5 * MIB, "jobSent": 4 * MIB, "jobMemory": 70 * MIB, "jobMemoryOf": {"install": 70 * MIB}}
    text = page({**FACTS, "runs": [run(BARE, 1, 2.0), run(OF_GPU[0], 1, 4.0, "libraries", **job)]})
    assert f"| {OF_GPU[0]} | 4.0 | +2.0 | 2 | 3.0 | 90 (worker) | 5.0, 4.0 | 70 (install) |" in text
    assert "`a==1, b==2`, 7 MiB of wheels, and what" in text


def test_a_row_that_was_not_measured_is_not_there() -> None:
    text = page({**FACTS, "runs": [run(BARE, 1, 2.0)]})
    assert [row for row in ROWS if f"| {row} |" in text] == [BARE]
    assert "the commit before" not in text
    assert "failed" not in text


def test_the_commit_before_is_named() -> None:
    before = {"commit": "abc1234", "date": "2026-01-02", "subject": "Do it"}
    assert 'abc1234 of 2026-01-02 ("Do it")' in page({**FACTS, "before": before, "runs": [run(BARE, 1, 2.0)]})


def test_a_start_that_failed_is_told_and_counts_nowhere() -> None:
    failed = {"round": 1, "section": "nothing", "row": "", "error": "NotStarted: no\nanswer"}
    assert "- nothing, round 1: NotStarted: no answer" in page({**FACTS, "runs": [run(BARE, 1, 2.0), failed]})


def test_without_a_bare_pod_there_is_nothing_to_compare_with() -> None:
    assert f"| {BUNDLE} | 4.0 |  | 2 |" in page({**FACTS, "runs": [run(BUNDLE, 1, 4.0)]})


def test_no_two_rows_have_one_name() -> None:
    assert len(set(ROWS)) == len(ROWS)
