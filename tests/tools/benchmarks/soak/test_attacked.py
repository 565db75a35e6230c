"""What the attacked half of `make soak` judges by, and its page."""

from __future__ import annotations

from typing import Any

import pytest

from tools.benchmarks.soak.attacked import violations
from tools.benchmarks.soak.attacked_page import page
from tools.testkit.hostile.table import ROWS

WAITS = {"count": 100, "p50Ms": 1.0, "p99Ms": 5.0, "p99.9Ms": 7.0, "mostMs": 9.0}
CAME: dict[str, Any] = {"rows": {row.name: {"gone": 1} for row in ROWS}, "wrong": []}


def result(*, memory: float = 500.0, p99: float = 10.0, full: int = 1, ended: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "seconds": 600,
        "share": 0.25,
        "periodSeconds": 0.1,
        "cores": {"beside": 0.21, "elsewhere": 0.2},
        "versions": {"python": "3.11.7"},
        "memory": {"peakMiB": memory, "limitMiB": 1024.0, "most": 0.8},
        "others": {
            "alone": {**WAITS, "p99Ms": 2.5},
            "elsewhere": WAITS,
            "beside": {**WAITS, "p99Ms": p99},
            "most": 2.0,
            "full": full,
        },
        "ended": list(ended),
        "rows": {"heads": {"no Host": "400 closed (3)", "two Hosts": ""}},
    }


@pytest.mark.parametrize(
    ("found", "came", "lost", "says"),
    [
        (result(), CAME, [], ""),
        (result(memory=819.3), CAME, [], "the server's memory was 819.3 MiB of 1024.0"),
        (result(p99=10.1), CAME, [], "99 of 100 others waited 10.1 ms, 5.0 ms with the attackers elsewhere"),
        (result(full=2), CAME, [], "2 requests of others found the queue full"),
        (result(ended=("worker",)), CAME, [], "the worker ended"),
        (result(), {**CAME, "wrong": ["no Host: 200 open"]}, [], "no Host: 200 open"),
        (result(), {**CAME, "rows": {}}, [], "it never had its turn"),
        (result(), CAME, ["Gone", "503"], "2 requests of others were not answered, first: Gone"),
    ],
)
def test_each_of_them_fails_the_run(found: dict[str, Any], came: dict[str, Any], lost: list[str], says: str) -> None:
    said = violations(found, came, lost)
    assert any(says in each for each in said) if says else said == []


def test_the_page_says_what_came_back_and_what_is_wrong() -> None:
    text = page({**result(), "violations": []})
    assert "All answers were right, and nothing ended." in text
    assert "| no Host | 400 closed (3) |" in text
    assert "| two Hosts | never had its turn |" in text
    assert "2.0 times that with the attackers elsewhere (2 are allowed), and 4.0 times that\nalone" in text
    assert "25 ms of each 100" in " ".join(text.split())
    assert "- it fell" in page({**result(), "violations": ["it fell"]})
