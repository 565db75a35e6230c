"""A load that takes too long ends the worker, which says so, whether or not there is a server."""

from __future__ import annotations

import signal
import time

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE, Pair

# the module is imported as the bundle is loaded
SLEEPS = """
import time
time.sleep(3600)

def predict():
    return 1
"""
HOLDS_THE_LOCK = "import ctypes\nctypes.PyDLL(None).sleep(3600)\n"


def limited(pair: Pair, seconds: float) -> Pair:
    pair.environment["MODELBUNDLE_STARTUP_SECONDS"] = str(seconds)
    return pair.start(wait=False)


def test_a_load_that_takes_too_long_ends_the_worker_with_its_stacks(bundle: Served) -> None:
    pair = limited(bundle(SLEEPS), 2)
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "StartupTimeout"
    assert "within 2 s" in pair.report["message"]
    assert "predict.py" in pair.worker_log, "where it was"


def test_so_it_does_without_a_server(bundle: Served) -> None:
    pair = limited(bundle(SLEEPS), 2)
    pair.kill(pair.server)
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "StartupTimeout"


def test_one_that_holds_the_interpreter_lock_is_ended_by_the_kernel(bundle: Served) -> None:
    pair = limited(bundle(HOLDS_THE_LOCK), 1)
    assert pair.worker.wait(PATIENCE) == signal.SIGRTMIN + 20
    assert "predict.py" in pair.worker_log, "where it was"


def test_what_is_loaded_in_time_has_no_limit_any_more(bundle: Served) -> None:
    pair = limited(bundle("def predict():\n    return 1\n", worker_stall_seconds=0), 3)
    pair.wait_ready()
    time.sleep(9)  # beyond the alarm's time too
    assert pair.predict().json == 1
