"""User code, and libraries that it imports, put functions of their own in the place of Python's: a proxy's socket, a
clock that stands still, another library's JSON, a log of their own. The worker goes on with what it began with."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import oldest

SOCKETS = """
import os, socket, time

class Proxied(socket.socket):
    def connect(self, address):
        raise OSError("a proxy knows no unix sockets")

{replaces}

def predict(root="", seconds=0):
    if root:
        open(os.path.join(root, "runs"), "w").close()
    time.sleep(seconds)
    return os.getpid()
"""
REPLACED = ["socket.setdefaulttimeout(0.5)", "socket.socket = Proxied"]


def another_server(pair: Pair) -> None:
    serving = pair.server_pid
    os.kill(serving, signal.SIGKILL)
    until(lambda: pair.server_pid not in (serving, pair.server.pid), "another one serves")


@pytest.mark.parametrize("replaces", REPLACED)
def test_a_worker_finds_the_next_server_and_stays_connected(served: Served, replaces: str) -> None:
    pair = served(SOCKETS.format(replaces=replaces), python=oldest(), request_timeout_seconds=20)
    process = pair.predict().json
    another_server(pair)
    pair.wait_ready()
    running = Background(pair, root=str(pair.root), seconds=2)
    until((pair.root / "runs").exists, "it runs")
    assert running.answer().json == process, "a connection that says nothing for a while is not over"
    assert pair.metric("modelbundle_worker_restarts_total") == 0


STOPPED = """
import os, time

now = time.monotonic()
time.monotonic = lambda: now
time.sleep = lambda *_: None

def predict():
    return os.getpid()
"""


def test_a_clock_that_stands_still_is_no_hang(served: Served) -> None:
    pair = served(STOPPED, python=oldest(), request_timeout_seconds=2, worker_stall_seconds=4)
    process = pair.predict().json
    time.sleep(6)
    assert (pair.worker.poll(), pair.predict().json) == (None, process)


OTHER_JSON = """
import json, os

def load_predict_fn(model):
    json.dumps, json.loads = (lambda *_, **more: b"{}"), None
    def predict(raises=False):
        if raises:
            raise ValueError("of this request")
        return [0.5] * 1000 + [os.getpid()]
    return predict
"""


def test_another_librarys_json(served: Served) -> None:
    pair = served(OTHER_JSON, python=oldest())
    first = pair.predict().json
    assert "ValueError: of this request" in pair.predict(raises=True).message
    assert pair.predict().json == first


LOGS = """
import sys, threading, time

class Log:
    def write(self, text):
        return len(text)

class Broken:
    def write(self, text):
        raise ValueError("no log")

{replaces}

threading.Thread(target=time.sleep, args=(600,)).start()

def load_predict_fn(model):
    {fails}
    return lambda: "loaded"
"""
LOG = [
    "sys.stderr = sys.stdout = Log()",
    "sys.stderr = sys.stdout = Broken()",
    "sys.stderr.close()",
    "sys.stdout = None",
]


@pytest.mark.parametrize("replaces", LOG)
def test_a_log_of_its_own_keeps_no_bundle_from_being_loaded(served: Served, replaces: str) -> None:
    pair = served(LOGS.format(replaces=replaces, fails=""), python=oldest())
    assert pair.predict().json == "loaded"
    assert pair.worker.poll() is None


@pytest.mark.parametrize("replaces", LOG)
def test_nor_the_reason_why_it_is_not(bundle: Served, replaces: str) -> None:
    pair = bundle(LOGS.format(replaces=replaces, fails="1 / 0"), python=oldest()).start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    assert (pair.report["reason"], "ZeroDivisionError" in pair.report["message"]) == ("LoadFailed", True)
    failure = until(lambda: pair.call("GET", "/").json["failure"], "the server has it")
    assert "ZeroDivisionError" in failure["message"]


OTHER_CLOCKS = """
import sys

class Back:
    now = 2 ** 62
    def __call__(self):
        self.now -= 1_000_000_000
        return self.now

def load_predict_fn(model):
    for name, module in list(sys.modules.items()):  # as libraries do it that stop the clock
        if hasattr(module, "perf_counter_ns") and name != "time":
            module.perf_counter_ns = Back()
    KIND predict(items=0):
        return iter(range(items)) if items else "done"
    return predict
"""


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_clock_that_goes_back_measures_nothing(served: Served, kind: str) -> None:
    pair = served(OTHER_CLOCKS.replace("KIND", kind), python=oldest(), request_timeout_seconds=5)
    assert [pair.predict().json for _ in range(3)] == ["done"] * 3
    assert [pair.predict(items=9).json for _ in range(3)] == [list(range(9))] * 3
    assert pair.metric("modelbundle_requests_in_flight") == 0
