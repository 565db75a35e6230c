"""A worker that is of no use ends itself, with its stacks in the log, whether or not there is a server; any other does
not, however long it takes."""

from __future__ import annotations

import signal
import time

import pytest

from tests.serving.conftest import Served
from tests.serving.test_life import GATED, go, started
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import oldest

# through PyDLL, as an extension would call that never gives the interpreter lock back
HOLDS_THE_LOCK = """
import ctypes, faulthandler, os, time

def predict(seconds, fork=False):
    faulthandler.cancel_dump_traceback_later()
    if fork and not os.fork():
        time.sleep(seconds)
        open(os.environ["MODELBUNDLE_ROOT"] + "/child-lives", "w").close()
        os._exit(0)
    if not fork:
        open(os.environ["MODELBUNDLE_ROOT"] + "/ran-lock", "w").close()
        ctypes.PyDLL(None).sleep(seconds)
    return "done"
"""
# a beat comes up to two seconds after the one before: a limit of two ends workers that are to live
QUICK = {"request_timeout_seconds": 2, "worker_stall_seconds": 4}


def ended(pair: Pair) -> int:
    code = pair.worker.wait(PATIENCE)
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("server_is_gone", [False, True])
def test_a_hang_that_holds_the_interpreter_lock_ends_the_worker(served: Served, server_is_gone: bool) -> None:
    pair = served(HOLDS_THE_LOCK, **QUICK)
    Background(pair, seconds=3600)
    until((pair.root / "ran-lock").exists, "it runs")
    if server_is_gone:
        pair.kill(pair.server)
    assert ended(pair) == signal.SIGRTMIN + 20, "its own signal: nobody killed it"
    assert "in predict" in pair.worker_log, "the stack of the thread that hangs"


@pytest.mark.parametrize("server_is_gone", [False, True])
def test_a_hang_that_does_not_hold_it_ends_the_worker(served: Served, server_is_gone: bool) -> None:
    pair = served(GATED, **QUICK)
    started(pair, "a")
    if server_is_gone:
        pair.kill(pair.server)
    assert ended(pair) == 1
    assert "in predict" in pair.worker_log
    assert pair.report["reason"] == "WorkerStalled"


def test_what_takes_long_and_ends_is_no_hang(served: Served) -> None:
    pair = served(GATED, request_timeout_seconds=0.3, worker_stall_seconds=4)
    running = started(pair, "a")
    assert running.answer().code == "DeadlineExceeded"
    time.sleep(2)
    go(pair)
    until(pair.ready, "ready again")
    time.sleep(4)
    assert pair.worker.poll() is None, "it waits, however long, and that is not a hang"


def test_one_place_that_hangs_is_no_hang_of_the_worker(served: Served) -> None:
    pair = served(GATED, max_concurrency=2, **QUICK)
    started(pair, "a")
    time.sleep(7)
    until(lambda: pair.predict(root="").status == 200, "the other place serves")


def test_a_stream_that_goes_on_is_no_hang(served: Served) -> None:
    source = "import time\ndef predict():\n    for n in range(30):\n        time.sleep(0.25)\n        yield n\n"
    pair = served(source, request_timeout_seconds=20, worker_stall_seconds=4)
    assert pair.predict().json == list(range(30))


def test_loading_may_hold_the_lock_for_long(bundle: Served) -> None:
    source = "import ctypes\nctypes.PyDLL(None).sleep(5)\ndef predict():\n    return 1\n"
    pair = bundle(source, request_timeout_seconds=10, worker_stall_seconds=4).start()
    assert pair.predict().json == 1


def test_a_child_outlives_the_alarm_of_its_parent(served: Served) -> None:
    pair = served(HOLDS_THE_LOCK, request_timeout_seconds=10, worker_stall_seconds=4)
    assert pair.predict(seconds=6, fork=True).json == "done"
    until((pair.root / "child-lives").exists, "the child")


def test_a_worker_that_stood_still_for_a_moment_goes_on(served: Served) -> None:
    pair = served(GATED, request_timeout_seconds=5, worker_stall_seconds=5)
    pair.kill(pair.worker, signal.SIGSTOP)
    time.sleep(2)
    pair.kill(pair.worker, signal.SIGCONT)
    assert pair.predict(root="").json == 1


def test_without_a_watch_nothing_ends_it(served: Served) -> None:
    pair = served(GATED, request_timeout_seconds=0.3, worker_stall_seconds=0)
    running = started(pair, "a")
    assert running.answer().code == "DeadlineExceeded"
    time.sleep(3)
    assert pair.call("GET", "/internal/worker/alive").status == 200
    go(pair)
    until(pair.ready, "ready again")


ENDS = """
import atexit, ctypes, sys, time

class Log:
    def write(self, text):
        return len(text)

    def flush(self):
        time.sleep(3600)

def predict():
    {does}
"""


@pytest.mark.parametrize("does", ["sys.stdout = Log()", "atexit.register(ctypes.PyDLL(None).sleep, 3600)"])
@pytest.mark.parametrize("python", [oldest(), ""], ids=["oldest", "this"])
def test_an_end_that_hangs_is_one_within_seconds(served: Served, python: str, does: str) -> None:
    pair = served(ENDS.format(does=does), python=python)
    assert pair.predict().json is None
    pair.server.terminate()
    assert pair.worker.wait(10) == signal.SIGRTMIN + 20
