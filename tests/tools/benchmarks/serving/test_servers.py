"""What the serving benchmark stands on: ours as it starts it, the answers it takes, what a tree of processes costs."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from lupa import lua51

from tools.benchmarks.harness import closed_loop, processes
from tools.benchmarks.serving import cases, health
from tools.benchmarks.serving.servers import SERVERS

OURS, BARE = SERVERS[:2]
ALL = [cases.SMALL, *cases.BODIES[:2], *cases.OTHERS]
# more than is asked for: utime and stime have hundredths of a second each, cut off
SPIN = "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass\ntime.sleep(60)"


@pytest.mark.parametrize("server", [OURS, BARE], ids=["schemas", "no schemas"])
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.row)
def test_ours_answers_every_row(server, case, tmp_path: Path) -> None:
    with server.start(tmp_path / "root", (case.function,), os.sched_getaffinity(0)) as served:
        assert closed_loop.verify(served.port, server.ask(case), case) > 0


def test_ours_answers_probes_while_a_request_holds_the_lock(tmp_path: Path) -> None:
    hold = cases.HOLDS[0]
    with OURS.start(tmp_path / "root", (hold.function,), os.sched_getaffinity(0)) as served:
        found = health.probe(served.port, OURS.health, OURS.ask(hold), 0.5)
        assert 0 < found["p50Ms"] <= found["p99Ms"] <= found["maxMs"]
        with pytest.raises(closed_loop.WrongAnswer):
            health.probe(served.port, OURS.health, OURS.ask(cases.SMALL), 0.5)


def test_a_wrong_value_or_status_is_no_measurement(tmp_path: Path) -> None:
    case = cases.SMALL
    with OURS.start(tmp_path / "root", (case.function,), os.sched_getaffinity(0)) as served:
        with pytest.raises(closed_loop.WrongAnswer, match="17 is not 18"):
            closed_loop.verify(served.port, OURS.ask(case), replace(case, expected=18))
        with pytest.raises(closed_loop.WrongAnswer, match="422"):
            closed_loop.verify(served.port, OURS.ask(replace(case, fields={"x": "3", "y": ""})), case)


@pytest.mark.parametrize(
    ("status", "body", "wrong"),
    [(200, "17", 0), (500, "17", 1), (200, "18", 1), (200, "17 ", 1), (200, "", 1)],
)
def test_the_client_counts_each_answer_that_is_not_the_one_expected(status: int, body: str, wrong: int) -> None:
    lua = lua51.LuaRuntime()
    lua.execute("wrk = {headers = {}, format = function() return 'request' end}")
    lua.execute(closed_loop.SCRIPT.read_text())
    lua.globals().init(lua.table_from(["POST", "/predict", "", "17", "2", "content-type=application/json"]))
    lua.globals().response(status, lua.table(), body)
    assert lua.globals().wrong == wrong
    assert lua.globals().wrk.headers["content-type"] == "application/json"


def test_what_a_process_started_counts_with_it(tmp_path: Path) -> None:
    busy = processes.busy_seconds()
    shell = subprocess.Popen(
        ["sh", "-c", '"$@" & wait', "sh", sys.executable, "-c", SPIN], cwd=tmp_path, start_new_session=True
    )
    try:
        began = time.monotonic()
        end = began + 120
        while processes.cpu_seconds([shell.pid]) < 0.3 and time.monotonic() < end:
            time.sleep(0.05)
        assert 0.3 <= processes.cpu_seconds([shell.pid]) < 1.0
        assert processes.busy_seconds() - busy >= 0.25
        assert len(processes.tree([shell.pid])) == 2
        assert sorted(processes.within(tmp_path)) == processes.tree([shell.pid])
        assert processes.pss_mib([shell.pid]) > 1
        assert 0.3 <= processes.age([shell.pid]) <= time.monotonic() - began + 1
    finally:
        processes.end(processes.tree([shell.pid]))
        shell.wait()
    assert processes.within(tmp_path) == []
