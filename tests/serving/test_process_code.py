"""What user code does with processes, signals and its own end: as under a fresh Python."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving.conftest import Served, code_bundle
from tools.testkit.pair import PATIENCE, Background, Pair, stopping, until
from tools.testkit.pythons import python_of

SOURCE = """
import atexit, concurrent.futures, faulthandler, multiprocessing, os, signal, subprocess, sys, time
import jobs

if __name__ == "__main__":
    sys.exit("it is a module")

faulthandler.enable()
faulthandler.register(signal.SIGUSR2, chain=False)
hangups = []
signal.signal(signal.SIGHUP, lambda *_: hangups.append(1))
fork = multiprocessing.get_context("fork")

@atexit.register
def left():
    open(os.path.join(os.environ["MODELBUNDLE_ROOT"], "left"), "w").close()

def load():
    manager = fork.Manager()
    pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=fork)
    assert pool.submit(jobs.double, 2).result() == 4
    daemon = fork.Process(target=time.sleep, args=(600,), daemon=True)
    daemon.start()
    return {"manager": manager, "counts": manager.dict(calls=0), "pool": pool, "daemon": daemon}

def too_late(*_):
    raise TimeoutError("too late")

def code(*words):
    return [sys.executable, "-c", *words]

def load_predict_fn(model):
    def predict(do, value=None):
        if do == "manager":
            model["counts"]["calls"] += 1
            return model["counts"]["calls"]
        if do == "pids":
            return [os.getpid(), model["manager"]._process.pid, model["daemon"].pid]
        if do == "pool":
            return list(model["pool"].map(jobs.double, range(4)))
        if do == "any child":
            pool_and_more = [child.pid for child in multiprocessing.active_children()]
            ours = {os.fork() or os._exit(code) for code in (3, 4)}
            found = {}
            while len(found) < 2:
                pid, status = os.waitpid(-1, 0)
                found[pid] = status >> 8
            return set(found) == ours and sorted(found.values()), len(pool_and_more) > 0
        if do == "check":
            return subprocess.run(code("import sys; sys.exit(3)"), check=True)
        if do == "system":
            return os.system("exit 3") >> 8
        if do == "ignore children":
            before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            try:
                return subprocess.run(code("import sys; sys.exit(3)")).returncode  # 0: the kernel has waited for it
            finally:
                signal.signal(signal.SIGCHLD, before)
        if do == "children":
            return signal.getsignal(signal.SIGCHLD) == signal.SIG_DFL
        if do == "alarm":
            before = signal.signal(signal.SIGALRM, too_late)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            try:
                time.sleep(600)
            finally:
                signal.signal(signal.SIGALRM, before)
        if do == "handler":
            return getattr(signal.signal(signal.SIGTERM, signal.SIG_DFL), "name", None)
        if do == "hangups":
            return len(hangups)
        if do == "blocked":
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
            return sorted(map(int, mask))
        if do == "name":
            return [__name__, sys.modules["__main__"].__name__]
        return value
    return predict
"""
JOBS = "def double(x):\n    return 2 * x\n"
LOADS = {"loadModelFn": "predict.load"}


def made(root: Path, python: str) -> Pair:
    code_bundle(root, SOURCE)
    (root / "bundle/artifact/jobs.py").write_text(JOBS)
    return Pair(root, LOADS, python=python, request_timeout_seconds=60)


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with stopping(made(tmp_path_factory.mktemp("code") / "root", python_of(request.param))) as pair:
        yield pair.start()


@pytest.mark.parametrize(
    ("do", "result"),
    [
        ("pool", [0, 2, 4, 6]),
        ("any child", [[3, 4], True]),
        ("system", 3),
        ("ignore children", 0),
        ("children", True),
        ("handler", "SIG_DFL"),
        ("blocked", []),
        ("name", ["predict", "__main__"]),
    ],
)
def test_it_is_as_under_a_fresh_python(pair: Pair, do: str, result: object) -> None:
    assert [pair.predict(do=do).json for _ in range(2)] == [result] * 2


@pytest.mark.parametrize(("do", "says"), [("check", "exit status 3"), ("alarm", "TimeoutError: too late")])
def test_what_it_raises_fails_the_request(pair: Pair, do: str, says: str) -> None:
    answer = pair.predict(do=do)
    assert (answer.code, says in answer.message) == ("PredictFailed", True)
    assert pair.predict(do="value", value=1).json == 1


def test_a_manager_that_the_loading_has_made(pair: Pair) -> None:
    first = pair.predict(do="manager").json
    assert [pair.predict(do="manager").json for _ in range(3)] == [first + 1, first + 2, first + 3]


def test_signals_to_the_container_reach_it(pair: Pair) -> None:
    before = pair.predict(do="hangups").json
    pair.worker.send_signal(signal.SIGHUP)
    until(lambda: pair.predict(do="hangups").json == before + 1, "its handler was called")
    pair.worker.send_signal(signal.SIGUSR2)
    until(lambda: re.search(r"most recent call first", pair.worker_log), "faulthandler has written the stacks")


def test_at_the_end_its_handlers_run_and_nothing_stays(tmp_path: Path) -> None:
    with stopping(made(tmp_path / "root", python_of("3.13"))) as pair:
        pair.start()
        pids = pair.predict(do="pids").json
        pair.predict(do="pool")
        pair.server.terminate()
        assert pair.worker.wait(PATIENCE) == 0
        assert (pair.root / "left").exists()
        assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_the_parent_may_have_been_started_with_children_ignored(served: Served, tmp_path: Path, version: str) -> None:
    ignoring = tmp_path / "python"
    ignoring.write_text(f'#!/bin/sh\ntrap "" CHLD\nexec {python_of(version)} "$@"\n')
    ignoring.chmod(0o755)
    source = "import subprocess\ndef predict(do):\n    return subprocess.run(['sh', '-c', do]).returncode\n"
    pair = served(source, python=str(ignoring))
    assert pair.predict(do="exit 3").json == 3
    pair.kill(pair.worker)
    assert pair.worker.wait(PATIENCE) == 128 + signal.SIGKILL


GENERATES = """
import os

{kind} predict():
    yield "first"
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    yield "second"
"""


@pytest.mark.parametrize("version", ["3.8", "3.13"])
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_a_generator_that_goes_on_in_a_child_too_ends_there(served: Served, version: str, kind: str) -> None:
    source = GENERATES.format(kind=kind)
    pair = served(source, python=python_of(version), max_concurrency=2, request_timeout_seconds=20)
    several = [Background(pair) for _ in range(4)]
    assert [each.answer().json for each in several] == [["first", "second"]] * 4


JOBLIB = """
import joblib
def predict(n):
    return joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(-x) for x in range(n))
"""


@pytest.mark.parametrize("concurrency", [1, 2])
def test_processes_of_joblib(served: Served, concurrency: int) -> None:
    pair = served(JOBLIB, python=sys.executable, max_concurrency=concurrency, request_timeout_seconds=60)
    several = [Background(pair, n=4) for _ in range(4)]
    assert [each.answer().json for each in several] == [[0, 1, 2, 3]] * 4
    pair.server.terminate()
    assert pair.worker.wait(PATIENCE) == 0
