"""The page says what was not reached."""

from __future__ import annotations

from typing import Any

from tools.benchmarks.operator.page import page

Body = dict[str, Any]


def test_a_case_that_was_not_done_in_time_stands_out() -> None:
    idle = {"seconds": 60.0, "writes": 0, "calls": {"list pods": 3}, "cpuSeconds": 0.6, "rss": 80.0}
    restart = {"readySeconds": 1.0, "caughtUpSeconds": None, "cpuSeconds": 2.0, "writes": 0, "rssPeak": 90.0}
    ours: Body = {
        **{"ready": 70, "readyPerSecond": 7.0, "callsOfABundle": 11.0, "cpuSeconds": 1.0, "rssAfter": 90.0},
        **{"rssPeak": 95.0, "toChildren": {}, "toReady": {"p50": 1.0, "p99": 123.4, "max": 130.0}},
        "restart": {**restart, "idle": idle},
        "calls": {"get services": 100},
    }
    run = {"case": "stored 100", "size": 100, "operator": ours, "floor": {}, "ratios": {}}
    facts = {"seconds": 9.0, "loadBefore": 0.5, "versions": {"kubernetes": "v1", "KWOK": "v0"}, "workers": 8}
    text = page({**facts, "together": 8, "runs": [run]})
    assert "**70 of 100**" in text
    assert "| never |" in text
    assert "0 in 60 s" in text
    assert "There was no floor to measure." in text
