"""User code that takes the worker's own things: its descriptors, its log, its signals."""

from __future__ import annotations

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
