"""Pauses grow, and never beyond what was asked for."""

from __future__ import annotations

import pytest
from modelbundle_operator.loop.backoff import backoff


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [
        pytest.param(0, 0.5, id="the first"),
        pytest.param(1, 1.0, id="twice as long"),
        pytest.param(9, 256.0, id="the last that grows"),
        pytest.param(10, 300.0, id="the longest"),
        # 2.0 ** 1024 is no float any more: at a try every 30 s that is after eight and a half hours
        pytest.param(100_000, 300.0, id="an outage of days"),
    ],
)
def test_each_is_twice_the_one_before_up_to_the_longest(failures: int, seconds: float) -> None:
    assert backoff(failures, first=0.5, longest=300.0) == seconds
