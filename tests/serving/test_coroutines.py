"""Coroutines of a bundle share one event loop, which runs between requests too."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import Served
from tests.serving.streams import SSE, ask, begin
from tools.testkit.pair import PATIENCE, Background, Pair, until
from tools.testkit.pythons import python_of

SOURCE = """
import asyncio, contextvars, os, threading, time

gate = asyncio.Semaphore(2)  # before there is a loop that runs
variable = contextvars.ContextVar("variable", default="none")
variable.set("loaded")
inside = most = beats = cancelled = 0
background = []

async def beat():
    global beats
    while True:
        beats += 1
        await asyncio.sleep(0.005)

async def load():
    background.append(asyncio.get_event_loop().create_task(beat()))
    await asyncio.sleep(0)
    return {"loop": id(asyncio.get_event_loop())}

async def load_predict_fn(model):
    await asyncio.sleep(0)
    async def predict(do="", value=None):
        global inside, most, cancelled
        if do == "beats":
            return beats
        if do == "loop":
            same = model["loop"] == id(asyncio.get_event_loop())
            return [same, threading.current_thread() is threading.main_thread()]
        if do == "variable":
            before = variable.get()
            variable.set(value)
            await asyncio.sleep(0.01)
            return [before, variable.get()]
        if do in ("wait", "stubborn"):
            try:
                open(os.path.join(value, "runs"), "w").close()
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                cancelled += 1
                if do == "stubborn":
                    return "stays"
                raise
        if do == "cancelled":
            return cancelled
        if do == "cancels":
            raise asyncio.CancelledError
        if do == "most":
            return most
        if do == "block":
            time.sleep(600)
        if do == "items":
            return iter([1, 2])
        if do == "fork":
            child = os.fork()
            if child:
                os.waitpid(child, 0)
            return child > 0
        async with gate:
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1
        return value
    return predict
"""
BOTH = [pytest.param(version, id=version) for version in ("3.8", "3.13")]
LOADS = {"loadModelFn": "predict.load"}


def asynchronous(served: Served, version: str = "", **options: object) -> Pair:
    python = python_of(version) if version else ""
    return served(SOURCE, LOADS, python=python, **options)


@pytest.mark.parametrize("version", BOTH)
def test_a_thousand_requests_share_a_semaphore_and_a_loop(served: Served, version: str) -> None:
    pair = asynchronous(served, version, max_concurrency=1000, request_timeout_seconds=60)
    with ThreadPoolExecutor(64) as clients:
        answers = list(clients.map(lambda number: pair.predict(value=number), range(1000)))
    assert [answer.json for answer in answers] == list(range(1000))
    assert pair.predict(do="most").json == 2
    assert pair.predict(do="loop").json == [True, True], "that of load_model_fn, on the main thread"
    assert pair.predict(do="items").json == [1, 2]
    assert [pair.predict(do="fork").json for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("version", BOTH)
def test_what_runs_in_the_background_goes_on_between_requests(served: Served, version: str) -> None:
    pair = asynchronous(served, version)
    before = pair.predict(do="beats").json
    until(lambda: pair.predict(do="beats").json > before + 20, "it beats")
    assert before > 0


def test_each_request_has_a_context_of_its_own(served: Served) -> None:
    pair = asynchronous(served, max_concurrency=8)
    several = [Background(pair, do="variable", value=number) for number in range(8)]
    assert [each.answer().json for each in several] == [["loaded", number] for number in range(8)]


MEETING = """
import asyncio
arrived = 0
most = 0

async def predict():
    global arrived, most
    arrived += 1
    most = max(most, arrived)
    await asyncio.sleep(0.02)
    arrived -= 1
    return most
"""


def test_max_concurrency_counts_coroutines(served: Served) -> None:
    pair = served(MEETING, max_concurrency=3)
    with ThreadPoolExecutor(12) as clients:
        assert max(clients.map(lambda _: pair.predict().json, range(60))) == 3


@pytest.mark.parametrize(("do", "version"), [("wait", "3.8"), ("wait", "3.13"), ("stubborn", "3.13")])
def test_a_request_whose_client_leaves_is_cancelled(served: Served, do: str, version: str) -> None:
    pair = asynchronous(served, version)
    body = json.dumps({"do": do, "value": str(pair.root)}).encode()
    with pair.open() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        until((pair.root / "runs").exists, "it runs")
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 0, "its place is free")
    assert pair.predict(do="cancelled").json == 1


def test_a_request_that_is_too_late_is_cancelled(served: Served) -> None:
    pair = asynchronous(served, request_timeout_seconds=2)
    assert pair.predict(do="wait", value=str(pair.root)).code == "DeadlineExceeded"
    until(lambda: pair.predict(do="cancelled").json == 1, "cancelled")


def test_a_server_that_is_gone_wants_no_answer(served: Served) -> None:
    pair = asynchronous(served)
    Background(pair, do="wait", value=str(pair.root))
    until((pair.root / "runs").exists, "it runs")
    pair.kill(pair.server)
    pair.server.wait()
    pair.start_server()
    pair.wait_ready()
    assert pair.predict(do="cancelled").json == 1


def test_what_user_code_cancels_itself_is_a_failure(served: Served) -> None:
    pair = asynchronous(served)
    answer = pair.predict(do="cancels")
    assert (answer.code, "CancelledError" in answer.message) == ("PredictFailed", True)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_loop_that_is_blocked_ends_the_worker(served: Served, concurrency: int) -> None:
    pair = asynchronous(served, max_concurrency=concurrency, request_timeout_seconds=2, worker_stall_seconds=4)
    Background(pair, do="block")
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "WorkerStalled"


def test_a_loop_that_waits_is_no_hang(served: Served) -> None:
    pair = served(MEETING, worker_stall_seconds=4)
    assert pair.predict().status == 200
    with pytest.raises(Exception, match="timed out"):
        pair.worker.wait(6)
    assert pair.predict().status == 200


STREAMS = """
import asyncio, os
open_now = 0
ended = 0

async def predict(kind="", n=3, root=""):
    global open_now, ended
    if kind == "ended":
        yield ended
        return
    try:
        for number in range(n):
            if kind == "slow":
                await asyncio.sleep(0.01)
            yield number if kind != "large" else "x" * 1000
    finally:
        await asyncio.sleep(0)
        ended += 1
"""


@pytest.mark.parametrize("version", BOTH)
def test_asynchronous_generators_stream_on_the_loop(served: Served, version: str) -> None:
    python = python_of(version)
    pair = served(STREAMS, python=python, max_concurrency=4)
    assert ask(pair).json == [0, 1, 2]
    assert ask(pair, SSE, n=2).body == b"data: 0\n\ndata: 1\n\n"
    assert len(ask(pair, kind="large", n=2000).json) == 2000, "more than the credit"
    assert pair.call("POST", "/v1/models/model:predict", b'{"instances": [{"n": 2}]}').json == {"predictions": [[0, 1]]}
    ended = ask(pair, kind="ended").json[0]
    idle = begin(pair, SSE, kind="large", n=10**9)  # its client reads nothing
    assert ask(pair, kind="slow", n=5).json == list(range(5)), "the loop is free"
    idle.close()
    until(lambda: ask(pair, kind="ended").json[0] == ended + 2, "closed when its client has left")


BATCHES = """
import asyncio
gate = asyncio.Lock()

class Batched:
    max_batch_size = 8

    async def predict_batch(self, rows):
        async with gate:
            await asyncio.sleep(0.001)
        return [row["x"] if row["x"] != 13 else ValueError("thirteen") for row in rows]

def load_predict_fn(model):
    return Batched()
"""


def test_batches_are_awaited_on_it(served: Served) -> None:
    pair = served(BATCHES, max_concurrency=2)
    with ThreadPoolExecutor(16) as clients:
        assert list(clients.map(lambda x: pair.predict(x=x).json, range(100, 200))) == list(range(100, 200))
    assert "thirteen" in pair.predict(x=13).message
    assert pair.call("POST", "/v1/models/model:predict", b'{"instances": [{"x": 1}, {"x": 2}]}').json == {
        "predictions": [1, 2]
    }


UNDECLARED = """
import asyncio
gate = asyncio.Semaphore(1)

async def slowly(x):
    async with gate:
        await asyncio.sleep(0.005)
    return x

def predict(x):
    return slowly(x)
"""


def test_coroutines_that_plain_functions_return_share_it_too(served: Served) -> None:
    pair = served(UNDECLARED, max_concurrency=4)
    with ThreadPoolExecutor(8) as clients:
        assert list(clients.map(lambda x: pair.predict(x=x).json, range(40))) == list(range(40))


OLD_STYLE = """
import asyncio
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)

async def double(x):
    await asyncio.sleep(0)
    return 2 * x

def predict(x):
    return asyncio.get_event_loop().run_until_complete(double(x))
"""


def test_functions_that_run_a_loop_themselves_still_may(served: Served) -> None:
    assert [served(OLD_STYLE).predict(x=x).json for x in range(2)] == [0, 2]
