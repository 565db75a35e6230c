"""Asynchronous code as people write it: it finds the loop that a server written by hand would give it, and whatever it
does to that loop, the others have their answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import python_of

SOURCE = """
import asyncio, atexit, concurrent.futures, gc, multiprocessing, os, signal, sys, threading
import jobs

fork = multiprocessing.get_context("fork")
signals = []

@atexit.register
def left():
    open(os.path.join(os.environ["MODELBUNDLE_ROOT"], "left"), "w").close()

async def double(x):
    await asyncio.sleep(0.001)
    return 2 * x

async def leave():
    sys.exit(3)

async def fail():
    raise ValueError("in the background")

async def endless():
    while True:
        try:
            await asyncio.sleep(600)
        except asyncio.CancelledError:
            pass

def in_child():
    sys.exit(asyncio.run(double(2)))

class Loaded:
    def __init__(self):
        self.loop = asyncio.get_event_loop()
        self.pool = concurrent.futures.ProcessPoolExecutor(2, mp_context=fork)

async def load():
    loaded = Loaded()
    loaded.loop.add_signal_handler(signal.SIGUSR1, signals.append, "one")
    return loaded

def load_predict_fn(model):
    async def predict(do, root="", value=None):
        loop = asyncio.get_event_loop()
        if do == "stop":
            loop.stop()
        if do == "close":
            loop.close()
        if do == "exit":
            sys.exit(3)
        if do == "exits":
            for _ in range(5):
                loop.create_task(leave())
            await asyncio.sleep(0.01)
        if do == "fails":
            loop.create_task(fail())
            await asyncio.sleep(0.01)
            gc.collect()
        if do == "cancel":
            raise concurrent.futures.CancelledError("a future")
        if do == "cancel all":
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
        if do == "cancel itself":
            asyncio.current_task().cancel()
            await asyncio.sleep(1)
        if do == "wait":
            open(os.path.join(root, "waits"), "w").close()
            await asyncio.sleep(600)
        if do == "thread":
            ask = lambda: asyncio.run_coroutine_threadsafe(double(value), model.loop).result(30)
            return await loop.run_in_executor(None, ask)
        if do == "pool":
            return await loop.run_in_executor(model.pool, jobs.double, value)
        if do == "program":
            program = await asyncio.create_subprocess_exec(sys.executable, "-c", "import sys; sys.exit(7)")
            return await program.wait()
        if do == "output":
            program = await asyncio.create_subprocess_shell("echo out", stdout=asyncio.subprocess.PIPE)
            return (await program.communicate())[0].decode()
        if do == "child":
            child = fork.Process(target=in_child)
            child.start()
            await loop.run_in_executor(None, child.join)
            return child.exitcode
        if do == "signal":
            os.kill(os.getpid(), signal.SIGUSR1)
            await asyncio.sleep(0.01)
        if do in ("signal", "signals"):
            return len(signals)
        if do == "endless":
            loop.create_task(endless())
        if do == "pid":
            return os.getpid()
        return value
    return predict
"""
JOBS = "def double(x):\n    return 2 * x\n"
BOTH = ["3.8", "3.13"]


@pytest.fixture(scope="module", params=BOTH)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    document = {"loadModelFn": "predict.load"}
    python = python_of(request.param)
    with serving(
        tmp_path_factory.mktemp("async") / "root",
        SOURCE,
        document,
        files={"jobs.py": JOBS},
        python=python,
        max_concurrency=16,
        request_timeout_seconds=60,
    ) as pair:
        yield pair


def lives_on(pair: Pair) -> None:
    several = [Background(pair, do="value", value=number) for number in range(8)]
    assert [each.answer().json for each in several] == list(range(8))
    assert pair.metric("modelbundle_worker_restarts_total") == 0
    assert pair.metric("modelbundle_requests_in_flight") == 0


@pytest.mark.parametrize("do", ["stop", "exits", "fails"])
def test_what_is_done_to_the_loop_ends_nothing(pair: Pair, do: str) -> None:
    process = pair.predict(do="pid").json
    assert [pair.predict(do=do, value=number).json for number in range(3)] == [0, 1, 2]
    assert pair.predict(do="pid").json == process
    lives_on(pair)


@pytest.mark.parametrize(
    ("do", "says"),
    [
        ("exit", "SystemExit: 3"),
        ("close", "RuntimeError: Cannot close a running event loop"),
        ("cancel", "CancelledError: a future"),
        ("cancel itself", "CancelledError"),
    ],
)
def test_what_a_coroutine_raises_fails_its_request(pair: Pair, do: str, says: str) -> None:
    answer = pair.predict(do=do)
    assert (answer.status, answer.code) == (500, "PredictFailed")
    assert says in answer.message
    assert "cannot read" not in answer.message
    lives_on(pair)


def test_a_request_that_another_one_cancels_has_failed(pair: Pair) -> None:
    waits = pair.root / "waits"
    waits.unlink(missing_ok=True)
    waiting = Background(pair, do="wait", root=str(pair.root))
    until(waits.exists, "it waits")
    assert pair.predict(do="cancel all", value=1).json == 1
    answer = waiting.answer()
    assert (answer.status, answer.code, "CancelledError" in answer.message) == (500, "PredictFailed", True)
    lives_on(pair)


@pytest.mark.parametrize(
    ("do", "result"),
    [("thread", 42), ("pool", 42), ("program", 7), ("output", "out\n"), ("child", 4)],
)
def test_threads_pools_and_programs_of_the_loop(pair: Pair, do: str, result: object) -> None:
    several = [Background(pair, do=do, value=21) for _ in range(4)]
    assert [each.answer().json for each in several] == [result] * 4
    lives_on(pair)


def test_signal_handlers_of_the_loop(pair: Pair) -> None:
    before = pair.predict(do="signals").json
    assert pair.predict(do="signal").json == before + 1
    pair.worker.send_signal(signal.SIGUSR1)  # to the parent, which passes it on
    until(lambda: pair.predict(do="signals").json == before + 2, "both were handled")


FACTORY = """
import asyncio

def factory(loop, coroutine, **more):
    coroutine.close()
    raise TypeError("no task of mine")

async def predict(do=""):
    if do:
        asyncio.get_running_loop().set_task_factory(factory)
    return do
"""


def test_a_task_that_cannot_be_made_fails_its_request(served: Served) -> None:
    pair = served(FACTORY, request_timeout_seconds=5)
    pair.predict(do="break")
    for _ in range(3):
        answer = pair.predict()
        assert (answer.code, "no task of mine" in answer.message) == ("PredictFailed", True)
    assert pair.metric("modelbundle_requests_in_flight") == 0


def test_what_swallows_its_cancellation_delays_the_end_by_seconds(served: Served) -> None:
    pair = served(SOURCE.replace("import jobs", ""), {"loadModelFn": "predict.load"})
    pair.predict(do="endless")
    pair.server.terminate()
    assert pair.worker.wait(PATIENCE) == 0


def test_handlers_of_the_exit_run(served: Served) -> None:
    pair = served(SOURCE.replace("import jobs", ""), {"loadModelFn": "predict.load"})
    pair.predict(do="stop")
    pair.server.terminate()
    assert pair.worker.wait(PATIENCE) == 0
    assert (pair.root / "left").exists()


@pytest.mark.parametrize("thread", ["", "import threading\nthreading.Thread(target=threading.Event().wait).start()"])
def test_a_loop_without_its_descriptors_ends_the_worker(served: Served, thread: str) -> None:
    source = """
import asyncio, os
{thread}
async def predict(do=""):
    if do:
        os.closerange(3, 256)
    await asyncio.sleep(0.01)
    return do
"""
    pair = served(source.replace("{thread}", thread), request_timeout_seconds=5)
    pair.predict(do="close")
    assert pair.worker.wait(10) == 1
    assert pair.worker_log.count("the event loop raised") < 10
    pair.start_worker()
    pair.wait_ready()
    assert pair.predict(do="").json == ""
