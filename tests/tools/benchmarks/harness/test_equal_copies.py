"""When a checkout is worse than another one, as far as equal copies of it can tell."""

from __future__ import annotations

import pytest

from tools.benchmarks.harness.equal_copies import COPIES, Row, in_turn


@pytest.mark.parametrize(
    ("here", "again", "other", "less_is_better", "equal"),
    [
        (20.0, 20.0, 20.0, True, True),
        (21.0, 21.0, 20.0, True, True),
        (21.2, 21.2, 20.0, True, False),
        (21.0, 23.0, 20.0, True, True),
        (22.0, 23.0, 20.0, True, False),
        (10.0, 10.0, 20.0, True, True),
        (0.99, 0.99, 0.98, False, True),
        (0.90, 0.90, 0.98, False, False),
        (0.98, 0.98, 0.90, False, True),
    ],
)
def test_worse_is_more_than_a_twentieth_beyond_what_equal_copies_differ_by(
    here: float, again: float, other: float, less_is_better: bool, equal: bool
) -> None:
    row = Row("small", here, again, other, less_is_better=less_is_better)
    assert row.is_equal == equal, (row.ratio, row.spread)


def test_each_copy_comes_first_in_every_third_round() -> None:
    assert [in_turn(number)[0] for number in range(4)] == [*COPIES, COPIES[0]]
    assert all(sorted(in_turn(number)) == sorted(COPIES) for number in range(3))
