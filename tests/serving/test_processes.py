"""Processes that user code starts: they end as under a fresh Python, and nothing stays of them."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import python_of

SOURCE = """
import concurrent.futures, multiprocessing, os, signal, subprocess, sys, threading, time
import jobs

def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return list(map(int, file.read().split()))

def terminated(method):
    process = multiprocessing.get_context(method).Process(target=time.sleep, args=(600,))
    process.start()
    if method == "fork":
        os.kill(process.pid, 0)
    process.terminate()
    process.join()
    return process.exitcode

def exited(method):
    process = multiprocessing.get_context(method).Process(target=jobs.leave, args=(7,))
    process.start()
    process.join()
    return process.exitcode

def pool(method):
    with multiprocessing.get_context(method).Pool(2) as workers:
        return workers.map(jobs.double, range(8))

def executor(method):
    context = multiprocessing.get_context(method)
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as workers:
        return list(workers.map(jobs.double, range(8)))

def popen(method):
    program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    program.terminate()
    return program.wait()

def orphans(method):
    for _ in range(20):
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                time.sleep(0.05)
            os._exit(0)
        assert os.waitpid(child, 0) == (child, 0)
    return 0

def handlers(method):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        own = [number for number in range(1, signal.SIGRTMAX + 1) if callable(signal.getsignal(number))]
        os.write(write, repr((own, list(signal.pthread_sigmask(0, [])))).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(read, 1000).decode()

def returns(method):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return child > 0

def daemon(method):
    ignores = "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)"
    program = "import signal, time; " + ignores + "; time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    child.stdout.readline()
    return child.pid

def predict(do, method=""):
    return globals()[do](method)
"""
JOBS = """
import sys

def double(x):
    return 2 * x

def leave(code):
    sys.exit(code)
"""
METHODS = ["fork", "spawn", "forkserver"]


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    python = python_of(request.param)
    with serving(
        tmp_path_factory.mktemp("processes") / "root",
        SOURCE,
        files={"jobs.py": JOBS},
        python=python,
        max_concurrency=2,
        request_timeout_seconds=60,
    ) as pair:
        yield pair


def states(pid: int) -> list[str]:
    """Of the process, and of all below it: R, S, Z ..."""
    state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [state, *(found for file in children for child in file.read_text().split() for found in states(int(child)))]


@pytest.mark.parametrize("method", METHODS)
class TestEachStartMethod:
    def test_terminate_ends_a_process_at_once(self, pair: Pair, method: str) -> None:
        assert [pair.predict(do="terminated", method=method).json for _ in range(5)] == [-signal.SIGTERM] * 5

    def test_a_process_has_its_exit_code(self, pair: Pair, method: str) -> None:
        assert pair.predict(do="exited", method=method).json == 7

    @pytest.mark.parametrize("do", ["pool", "executor"])
    def test_a_pool_answers_every_time(self, pair: Pair, method: str, do: str) -> None:
        pools = [Background(pair, do=do, method=method) for _ in range(6)]
        assert [pool.answer().json for pool in pools] == [list(range(0, 16, 2))] * 6


LOADS = """
import multiprocessing, time

def load():
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
    process.start()
    process.terminate()
    process.join()
    return process.exitcode

def load_predict_fn(model):
    return lambda: model
"""


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_terminate_while_the_bundle_loads(served: Served, version: str) -> None:
    pair = served(LOADS, {"loadModelFn": "predict.load"}, python=python_of(version))
    assert pair.predict().json == -signal.SIGTERM


def test_a_program_ends_when_asked(pair: Pair) -> None:
    assert pair.predict(do="popen").json == -signal.SIGTERM


def test_a_forked_child_has_the_handlers_of_a_fresh_python(pair: Pair) -> None:
    assert pair.predict(do="handlers").json == "([2], [])", "that of SIGINT, and nothing is blocked"


def test_a_child_in_which_the_function_returns_answers_nothing_and_ends(pair: Pair) -> None:
    assert [pair.predict(do="returns").json for _ in range(5)] == [True] * 5
    assert pair.metric("modelbundle_worker_restarts_total") == 0


def test_no_orphan_stays_a_zombie(pair: Pair) -> None:
    assert pair.predict(do="orphans").json == 0
    until(lambda: "Z" not in states(pair.worker.pid), "no zombies")


ONE = "import os\ndef predict():\n    return os.getpid()\n"


def test_nothing_runs_on_after_the_worker(served: Served) -> None:
    pair = served(SOURCE.replace("import jobs", ""))
    daemon = pair.predict(do="daemon").json
    pair.kill(pair.worker)
    assert pair.worker.wait(PATIENCE) == 128 + signal.SIGKILL, "as a container's exit code"
    assert not Path(f"/proc/{daemon}").exists()


def test_the_worker_does_not_outlive_its_parent(served: Served) -> None:
    pair = served(ONE)
    worker = pair.predict().json
    assert worker == pair.worker_pid
    pair.worker.kill()
    until(lambda: not Path(f"/proc/{worker}").exists(), "gone")


def test_the_server_sees_the_end_of_a_worker_whose_children_live(served: Served) -> None:
    source = """
import os, time
def predict():
    if os.fork() == 0:
        time.sleep(600)
    time.sleep(600)
"""
    pair = served(source, request_timeout_seconds=60)
    running = Background(pair)
    until(lambda: len(states(pair.worker_pid)) == 2, "the child runs")
    began = time.monotonic()
    pair.kill(pair.worker)
    assert running.answer().code == "WorkerDied"
    assert time.monotonic() - began < 30, "long before the request's deadline"


def test_the_parent_is_small(served: Served) -> None:
    pair = served(ONE)
    smaps = Path(f"/proc/{pair.worker.pid}/smaps_rollup").read_text().splitlines()
    private = sum(int(line.split()[1]) for line in smaps if line.startswith("Private_"))
    assert private < 8192, f"{private} KiB of its own"
