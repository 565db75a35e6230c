"""What the hot path counts, as plain numbers; metrics.py makes text of them."""

from __future__ import annotations

from collections import defaultdict

from bundle_runtime.server.histogram import Histogram


class Counters:
    """Of one server. ``requests`` are the predictions asked for by status and error code, ``latency`` is in seconds,
    ``violations`` those of each schema."""

    __slots__ = ("latency", "requests", "violations")

    def __init__(self) -> None:
        self.requests: defaultdict[tuple[int, str], int] = defaultdict(int)
        self.latency = Histogram()
        self.violations = {"request": 0, "response": 0}
