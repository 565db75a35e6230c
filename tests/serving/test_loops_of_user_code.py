"""Event loops that user code makes, runs or moves itself, while it loads and after: under a plain function too."""

from __future__ import annotations

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import Background, until
from tools.testkit.pythons import python_of

BOTH = ["3.8", "3.13"]

RUN_AT_LOAD = """
import asyncio

async def fetch():
    await asyncio.sleep(0.001)
    return 40

def load():
    return asyncio.run(fetch())

async def again(x):
    await asyncio.sleep(0.001)
    return x

def load_predict_fn(model):
    {kind} predict(x):
        return {value}
    return predict
"""


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("async def", "await again(model + x)"),
        ("def", "asyncio.run(again(model + x))"),
        ("def", "again(model + x)"),
    ],
)
@pytest.mark.parametrize("version", BOTH)
def test_a_loop_of_its_own_while_it_loads(served: Served, version: str, kind: str, value: str) -> None:
    source = RUN_AT_LOAD.format(kind=kind, value=value)
    pair = served(source, {"loadModelFn": "predict.load"}, python=python_of(version), max_concurrency=4)
    several = [Background(pair, x=number) for number in range(8)]
    assert [each.answer().json for each in several] == list(range(40, 48))


PLAIN = """
import asyncio, os, threading

beats = 0

async def beat():
    global beats
    while True:
        beats += 1
        await asyncio.sleep(0.005)

async def double(x):
    await asyncio.sleep(0.001)
    return 2 * x

async def load():
    loop = asyncio.get_event_loop()
    return loop, loop.create_task(beat()), asyncio.Semaphore(1)

async def within(gate, x):
    async with gate:
        return await double(x)

async def forks():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
    return child > 0

def load_predict_fn(model):
    loop, _, gate = model
    def predict(do="", x=0):
        if do == "beats":
            return beats
        if do == "ask":
            return asyncio.run_coroutine_threadsafe(within(gate, x), loop).result(30)
        if do == "own loop":
            return asyncio.get_event_loop().run_until_complete(double(x))
        if do == "run":
            return asyncio.run(double(x))
        if do == "stop":
            loop.call_soon_threadsafe(loop.stop)
        if do == "fork":
            return forks()
        return within(gate, x)
    return predict
"""


@pytest.mark.parametrize("concurrency", [1, 4])
@pytest.mark.parametrize("version", BOTH)
def test_a_plain_function_uses_what_the_loading_has_opened(served: Served, version: str, concurrency: int) -> None:
    options = {"python": python_of(version), "max_concurrency": concurrency}
    pair = served(PLAIN, {"loadModelFn": "predict.load"}, **options)
    for do in ("ask", "return", "stop", "ask", "return"):
        several = [Background(pair, do=do, x=number) for number in range(8)]
        assert [each.answer().json for each in several] == list(range(0, 16, 2))
    assert [pair.predict(do="fork").json for _ in range(3)] == [True] * 3
    if concurrency == 1:  # on the main thread
        assert [pair.predict(do=do, x=4).json for do in ("own loop", "own loop", "run")] == [8, 8, 8]
    before = pair.predict(do="beats").json
    until(lambda: pair.predict(do="beats").json > before + 20, "it beats between requests")


OWN_THREAD = """
import asyncio, threading

loop = asyncio.{loop}()
threading.Thread(target=loop.run_forever, daemon=True).start()

async def double(x):
    await asyncio.sleep(0.001)
    return 2 * x

{predict}
"""
ASKS = "def predict(x):\n    return asyncio.run_coroutine_threadsafe(double(x), loop).result(30)"
AWAITS = "async def predict(x):\n    future = asyncio.run_coroutine_threadsafe(double(x), loop)\n"
AWAITS += "    return await asyncio.wrap_future(future)"
RETURNS = "def predict(x):\n    return double(x)"


@pytest.mark.parametrize("predict", [ASKS, AWAITS, RETURNS], ids=["asks", "awaits", "returns"])
@pytest.mark.parametrize("loop", ["new_event_loop", "get_event_loop"])
@pytest.mark.parametrize("version", BOTH)
def test_a_loop_on_a_thread_of_its_own(served: Served, version: str, loop: str, predict: str) -> None:
    pair = served(OWN_THREAD.format(loop=loop, predict=predict), python=python_of(version), max_concurrency=2)
    several = [Background(pair, x=number) for number in range(8)]
    assert [each.answer().json for each in several] == list(range(0, 16, 2))
    assert "raised" not in pair.worker_log


EAGER = """
import asyncio

async def load():
    asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
    return asyncio.Semaphore(2)

def load_predict_fn(model):
    async def predict(x):
        if x % 2:  # the others end before they wait for anything
            async with model:
                await asyncio.sleep(0.001)
        return x
    return predict
"""


def test_eager_tasks(served: Served) -> None:
    pair = served(EAGER, {"loadModelFn": "predict.load"}, python=python_of("3.13"), max_concurrency=4)
    several = [Background(pair, x=number) for number in range(20)]
    assert [each.answer().json for each in several] == list(range(20))
