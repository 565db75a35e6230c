"""An alarm of user code that comes while the worker sends what the function gave: what has gone out is never taken for
the whole, nor what comes next for the rest of it."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import oldest

SOURCE = """
import ctypes, os, signal, threading, time

def too_late(*_):
    raise TimeoutError("too late")

signal.signal(signal.SIGALRM, too_late)

def items(count):
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    for _ in range(count):
        yield "x" * 1000

def predict(count=0, size=0, root=""):
    if count:
        return items(count)
    if size:
        open(os.path.join(root, "runs"), "w").close()
        signal.setitimer(signal.ITIMER_REAL, 1.5)
        time.sleep(0.5)
    return "y" * size
"""


@pytest.fixture(scope="module", params=[oldest(), ""], ids=["oldest", "this"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("alarms") / "root"
    with serving(root, SOURCE, python=request.param, request_timeout_seconds=30) as pair:
        yield pair


def test_a_stream_that_it_ends_is_not_whole(pair: Pair) -> None:
    content = json.dumps({"count": 20_000}).encode()
    with pair.open() as connection:
        head = b"POST /predict HTTP/1.1\r\nhost: x\r\naccept: application/x-ndjson\r\ncontent-length: %d\r\n\r\n"
        connection.sendall(head % len(content) + content)
        before = pair.worker_log.count("too late")
        until(lambda: pair.worker_log.count("too late") > before, "the alarm comes while nobody reads")
        connection.settimeout(PATIENCE)
        got = b""
        while not got.endswith(b"\r\n0\r\n\r\n"):
            got += connection.recv(1024 * 1024)
    assert b"TimeoutError: too late" in got[-1000:]
    assert pair.predict().json == ""


def test_an_answer_that_it_cuts_is_nobodys(pair: Pair) -> None:
    runs, process = pair.root / "runs", pair.worker_pid
    runs.unlink(missing_ok=True)
    cut = Background(pair, size=20_000_000, root=str(pair.root))
    until(runs.exists, "it runs")
    os.kill(pair.server_pid, signal.SIGSTOP)  # takes nothing meanwhile
    time.sleep(2.5)
    os.kill(pair.server_pid, signal.SIGCONT)
    assert cut.answer().code == "WorkerDied"
    pair.wait_ready()
    assert [pair.predict().json for _ in range(5)] == [""] * 5
    assert pair.worker_pid == process


WATCHED = """
import ctypes, os, threading, time

def too_late(thread):
    time.sleep(0.2)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeoutError))

def predict(watched=False):
    if watched:
        threading.Thread(target=too_late, args=(threading.get_ident(),), daemon=True).start()
    return sorted(each.name for each in threading.enumerate() if each.name.startswith("predict-"))
"""


@pytest.mark.parametrize("python", [oldest(), ""], ids=["oldest", "this"])
def test_a_watchdog_that_comes_too_late_costs_no_thread(tmp_path_factory: pytest.TempPathFactory, python: str) -> None:
    root = tmp_path_factory.mktemp("watchdogs") / "root"
    with serving(root, WATCHED, python=python, max_concurrency=2, request_timeout_seconds=20) as pair:
        for number in range(1, 5):
            pair.predict(watched=True)
            time.sleep(0.3)

            def has_come() -> bool:  # once the thread runs Python again, which is with its next request at the latest
                answers = [Background(pair) for _ in range(4)]
                assert {each.answer().status for each in answers} <= {200, 500}
                return pair.worker_log.count("TimeoutError") >= number  # noqa: B023

            until(has_come, "it has come")
        assert pair.predict().json == ["predict-0", "predict-1"]
        assert pair.worker.poll() is None
