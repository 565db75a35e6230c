"""Some requests always have room; more while they will not wait long."""

from __future__ import annotations

import math

import pytest

from bundle_runtime.server.queue.limits import QUEUED_MAX_BYTES, REQUESTS_MAX, QueueLimits


@pytest.mark.parametrize(
    ("occupied", "held", "mean", "since", "has"),
    [
        (21, 0, math.inf, 999.0, True),
        (22, 0, math.inf, 0.0, False),
        (3, 0, 999.0, 0.1, True),
        (4, 0, 999.0, 0.1, False),
        (10, 0, 1.0, 0.1, True),
        (11, 0, 1.0, 0.1, False),
        (22, 0, 0.05, 0.1, True),
        (39, 0, 0.05, 0.1, True),
        (40, 0, 0.05, 0.1, False),
        (22, 0, 0.05, 1.1, False),
        (22, QUEUED_MAX_BYTES, 0.05, 0.1, False),
        (REQUESTS_MAX - 1, 0, 0.00005, 0.1, True),
        (REQUESTS_MAX, 0, 0.00005, 0.1, False),
    ],
    ids=[
        "ten for each place always", "nothing known yet", "one that waits for each place",
        "a slow function", "as many as are answered in time", "one that would be too late", "a quick function",
        "a second's worth", "more than a second", "a worker that is stuck", "large bodies", "many",
        "too many",
    ],
)  # fmt: skip
def test_room(occupied: int, held: int, mean: float, since: float, has: bool) -> None:
    assert QueueLimits(2, 20, 5.0).admits(occupied, held, mean, since) is has
