"""Load functions that are context managers, as FastAPI's lifespan taught them: entered to load, left at the end."""

from __future__ import annotations

import signal

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE

SYNC = """
import contextlib, sys

@contextlib.contextmanager
def load_model():
    print("opened", file=sys.stderr)
    yield {"factor": 3}
    print("closed", file=sys.stderr)

@contextlib.contextmanager
def load_predict_fn(model):
    yield lambda x: x * model["factor"]
"""
ASYNC = """
import asyncio, contextlib, sys

@contextlib.asynccontextmanager
async def load_model():
    await asyncio.sleep(0)
    print("opened", file=sys.stderr)
    yield {"factor": 3}
    print("closed", file=sys.stderr)

def load_predict_fn(model):
    return lambda x: x * model["factor"]
"""


@pytest.mark.parametrize("source", [SYNC, ASYNC], ids=["sync", "async"])
def test_what_they_yield_is_the_model_and_they_are_left_at_the_end(bundle: Served, source: str) -> None:
    pair = bundle(source, {"loadModelFn": "predict.load_model"})
    assert pair.start().predict(x=2).json == 6
    assert "opened" in pair.worker_log
    assert "closed" not in pair.worker_log
    pair.kill(pair.server, signal.SIGTERM)
    assert (pair.server.wait(PATIENCE), pair.worker.wait(PATIENCE)) == (0, 0)
    assert "closed" in pair.worker_log


def test_a_model_that_has_enter_of_its_own_is_left_alone(bundle: Served) -> None:
    pair = bundle(
        "class Model:\n    def __enter__(self):\n        raise AssertionError\n    def __exit__(self, *_): pass\n"
        "    def __call__(self, x):\n        return x\n\n\ndef load_predict_fn(model):\n    return Model()\n"
    )
    assert pair.start().predict(x=2).json == 2
