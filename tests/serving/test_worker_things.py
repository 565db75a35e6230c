"""User code that takes the worker's own things: its descriptors, its log, its signals."""

from __future__ import annotations

import os
import signal

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Background, until
from tools.testkit.pythons import oldest

CLOSING = """
import os, sys

def predict(do=""):
    if do == "close":
        os.closerange(3, 256)
    if do == "take":  # the descriptors are the function's own afterwards
        os.closerange(3, 256)
        global files
        files = [open(os.devnull) for _ in range(100)]
    if do == "read":
        return [file.read() for file in files] == [""] * 100
    if do == "log":
        sys.stderr.close()
        sys.stdout.close()
        raise ValueError("no log")
    return os.getpid()
"""


@pytest.mark.parametrize("do", ["close", "take"])
def test_a_worker_whose_descriptors_are_closed_connects_again(served: Served, do: str) -> None:
    pair = served(CLOSING, python=oldest(), request_timeout_seconds=5)
    process = pair.predict().json
    assert pair.predict(do=do).code == "WorkerDied"
    pair.wait_ready()
    assert pair.predict().json == process
    if do == "take":
        assert pair.predict(do="read").json is True


STANDARD = """
import os, sys

def predict(do=""):
    if do == "close":
        os.closerange(0, 3)
    if do == "print":
        for file in (1, 2):
            try:
                os.write(file, b"a line for the log")
            except OSError:
                pass
    return os.getpid()
"""


def test_the_connection_never_takes_the_place_of_the_log(served: Served) -> None:
    """The next file that a process opens is the first one that is free: what is printed would go to the server."""
    pair = served(STANDARD, python=oldest(), request_timeout_seconds=5)
    process = pair.predict(do="close").json
    os.kill(pair.server_pid, signal.SIGKILL)
    pair.wait_ready()
    assert [pair.predict(do="print").json for _ in range(3)] == [process] * 3
    assert pair.metric("modelbundle_worker_restarts_total") == 0


LATE = """
import os, signal, time

def late(*_):
    raise SystemExit("the alarm of a request that was answered long ago")

signal.signal(signal.SIGALRM, late)

def predict(seconds=0.0):
    signal.setitimer(signal.ITIMER_REAL, seconds)
    return os.getpid()
"""


@pytest.mark.parametrize("concurrency", [1, 2])
@pytest.mark.parametrize("python", [oldest(), ""], ids=["oldest", "this"])
def test_what_a_handler_raises_between_two_requests_is_nobodys(served: Served, python: str, concurrency: int) -> None:
    pair = served(LATE, python=python, max_concurrency=concurrency)
    process = pair.predict().json
    for number in range(1, 4):
        pair.predict(seconds=0.1)
        until(lambda: pair.worker_log.count("the alarm of a request") >= number, "the alarm has come")  # noqa: B023
        assert pair.predict().json == process
    assert "raised between two requests" in pair.worker_log
    assert pair.worker.poll() is None


BREAKS = """
import json, os

KIND predict(breaks=False):
    if breaks:
        json.JSONEncoder.encode = None
        raise ValueError("and nothing can say so")
    return os.getpid()
"""


@pytest.mark.parametrize(("kind", "concurrency"), [("def", 1), ("def", 2), ("async def", 2)])
def test_a_worker_that_can_no_longer_say_what_failed_ends(served: Served, kind: str, concurrency: int) -> None:
    pair = served(BREAKS.replace("KIND", kind), max_concurrency=concurrency)
    assert pair.predict(breaks=True).code == "WorkerDied"
    assert pair.worker.wait(PATIENCE) == 1
    assert "cannot say that a request has failed" in pair.worker_log
    pair.start_worker()
    pair.wait_ready()
    assert pair.predict().json == pair.worker_pid


def test_a_log_that_is_closed(served: Served) -> None:
    pair = served(CLOSING, python=oldest(), request_timeout_seconds=5)
    process = pair.predict().json
    assert "ValueError: no log" in pair.predict(do="log").message
    assert pair.predict().json == process
    pair.server.terminate()
    assert pair.worker.wait(PATIENCE) == 0


SIGNALS = """
import os, signal, time

def predict(root, do=""):
    if do == "handle":
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if do == "wait":
        open(os.path.join(root, "runs"), "w").close()
        time.sleep(1)
    return do
"""


def test_a_handler_of_user_code_does_not_kill_what_runs_later(served: Served) -> None:
    pair = served(SIGNALS, python=oldest())
    assert pair.predict(root="", do="handle").json == "handle"
    running = Background(pair, root=str(pair.root), do="wait")
    until((pair.root / "runs").exists, "it runs")
    pair.worker.terminate()
    assert running.answer().json == "wait"
