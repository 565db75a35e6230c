"""What counts as the right answer to a hostile client, alone and beside others."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.testkit.hostile.mix import idle, unexplained
from tools.testkit.hostile.row import Target, outcome, row


async def nothing(_: Target) -> str:
    return ""


ROW = row("a row", "400 closed | 413 open", nothing)


@pytest.mark.parametrize(
    ("statuses", "end", "text"),
    [
        ((), "closed", "gone"),
        ((), "reset", "gone"),
        ((), "open", "open"),
        ((400,), "closed", "400 closed"),
        ((200, 200, 400), "closed", "200x2,400 closed"),
        ((100, 200), "open", "100,200 open"),
    ],
)
def test_an_outcome_is_all_statuses_and_how_the_connection_is(statuses: tuple[int, ...], end: str, text: str) -> None:
    assert outcome(statuses, end) == text


@pytest.mark.parametrize(
    ("came", "right"),
    [
        ("400 closed", True),
        ("413 open", True),
        ("400 open", True),
        ("408,400 reset", True),
        ("200 open", False),
        ("503 open", True),
        ("200x3,429 open", False),
        ("413,429 open", True),
        ("gone", True),
        ("no answer", False),
        ("500 open", False),
    ],
)
def test_beside_others_there_may_be_no_room(came: str, right: bool) -> None:
    assert ROW.explains(came) == right
    found = {ROW.name: Counter({came: 3, "400 closed": 1})}
    said = f"a row: {came}, 3 times, in place of 400 closed or 413 open"
    assert unexplained([ROW], found) == ([] if right else [said])


def test_a_row_without_a_turn_is_named() -> None:
    assert idle([ROW], {}) == ["a row: it never had its turn"]
    assert idle([ROW], {ROW.name: Counter(["gone"])}) == []
