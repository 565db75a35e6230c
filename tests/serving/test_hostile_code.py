"""User code that breaks what it can: each request has its own answer, and the worker lives on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.conftest import Served, code_bundle
from tools.testkit.pair import PATIENCE, Answer, Pair, stopping, until
from tools.testkit.pythons import oldest

OLDEST = oldest()

SOURCE = r"""
import os, signal, sys

class OddError(ValueError):
    def __str__(self):
        sys.exit(3)
    __repr__ = __str__

class List:
    def tolist(self):
        sys.exit(4)

class Shape:
    dtype = "f4"
    shape = property(lambda self: 1 / 0)

class Property:
    tolist = property(lambda self: 1 / 0)

class Pretender:
    __class__ = property(lambda self: sys.exit(5))

def after(error):
    yield 1
    raise error

async def awaited(error):
    raise error

class Unclosed:
    def __iter__(self):
        return self
    def __next__(self):
        raise StopIteration
    def close(self):
        raise KeyboardInterrupt

ERRORS = {
    "surrogate": ValueError("cannot read caf\udce9.txt"),
    "interrupt": KeyboardInterrupt(),
    "odd": OddError(),
}
VALUES = {"list": List, "shape": Shape, "property": Property, "pretender": Pretender, "unclosed": Unclosed}

def predict(raises="", yields="", awaits="", returns="", key="", value=None):
    if raises:
        raise ERRORS[raises]
    if yields:
        return after(ERRORS[yields])
    if awaits:
        return awaited(ERRORS[awaits])
    if returns:
        return VALUES[returns]()
    if key:
        return {"caf\udce9": float("nan")}
    return value
"""


@pytest.fixture(scope="module", params=[1, 2])
def hostile(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("hostile") / "root"
    code_bundle(root, SOURCE)
    pair = Pair(root, {}, python=OLDEST, max_concurrency=request.param, request_timeout_seconds=5)
    with stopping(pair):
        yield pair.start()


def infer(pair: Pair, **fields: str) -> Answer:
    inputs = [{"name": name, "datatype": "BYTES", "shape": [], "data": [value]} for name, value in fields.items()]
    return pair.call("POST", "/v2/models/model/infer", json.dumps({"inputs": inputs}).encode())


def lives_on(pair: Pair) -> None:
    assert [pair.predict(value=number).json for number in range(4)] == [0, 1, 2, 3]
    assert pair.worker.poll() is None
    assert pair.metric("modelbundle_worker_restarts_total") == 0
    assert pair.metric("modelbundle_requests_in_flight") == 0


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"raises": "surrogate"}, "PredictFailed", "ValueError: cannot read caf\\udce9.txt"),
        ({"awaits": "surrogate"}, "PredictFailed", "caf\\udce9.txt"),
        ({"yields": "surrogate"}, "PredictFailed", "caf\\udce9.txt"),
        ({"key": "surrogate"}, "ResponseNotJSON", "caf\\udce9"),
        ({"raises": "odd"}, "PredictFailed", "OddError"),
        ({"yields": "odd"}, "PredictFailed", "OddError"),
        ({"raises": "interrupt"}, "PredictFailed", "KeyboardInterrupt"),
        ({"yields": "interrupt"}, "PredictFailed", "KeyboardInterrupt"),
        ({"awaits": "interrupt"}, "PredictFailed", "KeyboardInterrupt"),
        ({"returns": "list"}, "ResponseNotJSON", "SystemExit: 4"),
        ({"returns": "shape"}, "ResponseNotJSON", "ZeroDivisionError"),
        ({"returns": "property"}, "ResponseNotJSON", "ZeroDivisionError"),
        ({"returns": "pretender"}, "PredictFailed", "SystemExit: 5"),
    ],
    ids=str,
)
def test_each_request_has_its_answer(hostile: Pair, fields: dict[str, str], code: str, says: str) -> None:
    if "yields" in fields:  # the status is gone by then
        streamed = hostile.call("POST", "/predict", json.dumps(fields).encode(), accept="text/event-stream").body
        assert json.dumps(says)[1:-1].encode() in streamed
    else:
        answer = hostile.predict(**fields)
        assert (answer.status, answer.code) == (500, code)
        assert says in answer.message
    answer = infer(hostile, **fields)
    assert answer.status == 500
    assert says in answer.json["error"]
    lives_on(hostile)


def test_a_close_that_raises_has_still_given_its_items(hostile: Pair) -> None:
    assert hostile.predict(returns="unclosed").json == []
    lives_on(hostile)


@pytest.mark.parametrize(
    ("raises", "says"),
    [("ValueError('caf\\udce9')", "caf\\udce9"), ("KeyboardInterrupt", "load_predict_fn raised KeyboardInterrupt")],
)
def test_what_loading_raises_is_told(bundle: Served, raises: str, says: str) -> None:
    pair = bundle(f"def load_predict_fn(model):\n    raise {raises}", python=OLDEST).start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    failure: Any = until(lambda: pair.call("GET", "/").json["failure"], "the server has it")
    assert failure["reason"] == pair.report["reason"] == "LoadFailed"
    assert says in failure["message"]
    assert says in pair.report["message"]
