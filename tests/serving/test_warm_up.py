"""One request before the first, in a worker beside its server: ready after it, and not where it fails."""

from __future__ import annotations

import pytest

from bundle_runtime.contract.warm_up import VARIABLE
from tests.serving.conftest import Served
from tools.testkit.pair import Pair, until
from tools.testkit.pythons import VERSIONS, python_of

COUNTS = """
seen = []

def predict(x=0):
    seen.append(x)
    return seen
"""
ASYNC = """
import asyncio
seen, loops = [], set()

async def predict(x=0):
    await asyncio.sleep(0)
    seen.append(x)
    loops.add(asyncio.get_running_loop())
    return [*seen, len(loops)]
"""
STREAM = """
seen = []

def predict(x=0):
    for each in range(2):
        seen.append(each)
        yield list(seen)
"""
BATCH = """
class Batch:
    seen = 0

    def predict_batch(self, requests):
        self.seen += len(requests)
        return [self.seen for _ in requests]

def load_predict_fn(model):
    return Batch()
"""


def warmed(pair: Pair, text: str, wait: bool = True) -> Pair:
    pair.environment[VARIABLE] = text
    return pair.start(wait)


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_predicted_once_before_the_worker_is_ready(bundle: Served, version: str) -> None:
    pair = warmed(bundle(COUNTS, python=python_of(version)), '{"x": 7}')
    assert pair.predict(x=1).json == [7, 1]
    assert pair.call("GET", "/").json["loadSeconds"]["warmUp"] >= 0
    assert "warmUp " in pair.worker_log


@pytest.mark.parametrize(
    ("source", "answer"),
    [(ASYNC, [7, 1, 1]), (BATCH, 2)],
    ids=["asynchronous, on the loop that serves", "batch"],
)
def test_any_kind_of_bundle_is_warmed_up(bundle: Served, source: str, answer: object) -> None:
    assert warmed(bundle(source), '{"x": 7}').predict(x=1).json == answer


def test_a_stream_is_read_to_its_end(bundle: Served) -> None:
    pair = warmed(bundle(STREAM), "{}")
    assert b"[0, 1, 0]" in pair.predict(x=1).body.replace(b",", b", ").replace(b",  ", b", ")


def test_each_worker_is_warmed_up_again(bundle: Served) -> None:
    pair = warmed(bundle(COUNTS), '{"x": 7}')
    pair.kill(pair.worker)
    until(lambda: not pair.ready(), "gone")
    pair.start_worker()
    pair.wait_ready()
    assert pair.predict(x=2).json == [7, 2]


@pytest.mark.parametrize(
    ("source", "text", "says"),
    [
        (
            "def predict(x): return 1 / x\n",
            '{"x": 0}',
            "the warm-up request of spec.serving.warmUp failed (PredictFailed): ZeroDivisionError: division by zero",
        ),
        ("def predict(x): return x\n", "{}", "(ArgumentMismatch): predict_fn needs x"),
        ("def predict(): return object()\n", "{}", "(ResponseNotJSON)"),
        ("import sys\ndef predict(): sys.exit(3)\n", "{}", "SystemExit"),
        ("async def predict(): raise KeyError('table')\n", "{}", "KeyError: 'table'"),
        (
            "import asyncio\nasync def predict(): raise asyncio.CancelledError\n",
            "{}",
            "spec.serving.warmUp was not answered: CancelledError()",
        ),
        ("def predict():\n    yield 1\n    raise OSError('gone')\n", "{}", "OSError: gone"),
        ("def predict(): return 1\n", "[1]", "spec.serving.warmUp is no JSON object"),
    ],
)
def test_a_failure_is_one_of_loading(bundle: Served, source: str, text: str, says: str) -> None:
    pair = warmed(bundle(source), text, wait=False)
    assert pair.worker.wait(60) == 1
    assert pair.report["reason"] == "LoadFailed"
    assert says in pair.report["message"]
    assert "warmUp" in pair.report["seconds"]
    assert not pair.ready()


def test_the_lines_of_the_author_are_shown(bundle: Served) -> None:
    pair = warmed(bundle("def predict(x):\n    return 1 / x\n"), '{"x": 0}', wait=False)
    assert pair.worker.wait(60) == 1
    assert "predict.py:2 in predict" in pair.report["message"]
