"""What is made of two measurements."""

from __future__ import annotations

from tools.benchmarks.operator.measure import ratios


def test_a_ratio_is_of_the_operator_to_the_floor() -> None:
    ours = {"readyPerSecond": 10.0, "cpuSeconds": 4.0, "callsOfABundle": 8.0, "toReady": {"p50": 3.0}, "toChildren": {}}
    floor = {**ours, "ready": 5, "readyPerSecond": 20.0, "cpuSeconds": 1.0, "toReady": {"p50": 1.0}}
    found = ratios(ours, floor)
    assert found == {"readyPerSecond": 0.5, "cpuSeconds": 4.0, "callsOfABundle": 1.0, "toReady.p50": 3.0}
    assert ratios(ours, {}) == {}
