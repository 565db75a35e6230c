"""The seed's own bundles, and what a prediction may be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.serving.conftest import Served
from tools.testkit.pair import PATIENCE

X_AND_Y = {
    "type": "object",
    "properties": {"x": {"type": "integer"}, "y": {"type": "string"}},
    "required": ["x", "y"],
}


def my_model(x: int) -> int:
    return x * 2


def test_a_model_and_its_load_predict_fn(served: Served) -> None:
    def my_load_predict_fn(model: Any) -> Any:
        def returns_model_of_x_plus_len_of_y(x: int, y: str) -> int:
            assert isinstance(x, int)
            assert isinstance(y, str)
            return model(x) + len(y)

        return returns_model_of_x_plus_len_of_y

    model = lambda x: x * 2  # noqa: E731  a function of this module would be pickled by name
    pair = served(
        {"model": model, "load_predict_fn": my_load_predict_fn},
        {"requestSchema": X_AND_Y, "responseSchema": {"type": "integer"}},
    )
    answer = pair.predict(x=1, y="hello")
    assert (answer.status, answer.json) == (200, 7)
    assert answer.headers["x-modelbundle-digest"] == pair.digest
    assert answer.headers["content-type"] == "application/json"
    assert pair.metric('modelbundle_requests_total{code="OK",status="200"}') == 1
    assert pair.metric("modelbundle_request_seconds_count") == 1
    for phase in ("queue", "batch", "user", "serialise"):
        assert pair.metric(f'modelbundle_phase_seconds_count{{phase="{phase}"}}') == 1

    refused = pair.predict(x="one")
    assert (refused.status, refused.code) == (422, "RequestSchemaViolation")
    assert {detail["path"] for detail in refused.json["error"]["details"]} == {"$", "$.x"}
    assert pair.metric('modelbundle_schema_violations_total{schema="request"}') == 1


def test_numbers_are_ints_within_64_bits_and_floats_beyond(served: Served) -> None:
    pair = served("def predict(n):\n    return [type(n).__name__, n]\n")
    for text, kind in (("1", "int"), ("1.0", "float"), (str(2**64 - 1), "int"), (str(2**64), "float")):
        kind_seen, value = pair.call("POST", "/predict", b'{"n": %b}' % text.encode()).json
        assert (kind_seen, value) == (kind, json.loads(text))


MODEL = """
def my_load_model_fn():
    return lambda x: x * 2
"""
PREDICT = """
def load_predict_fn(model):
    def f(x, y):
        return model(x) + len(y)
    return f
"""


def test_a_bundle_from_directories_whose_functions_take_no_config(bundle: Served) -> None:
    pair = bundle(PREDICT, {"loadModelFn": "model.my_load_model_fn"})
    (pair.root / "bundle/artifact/model.py").write_text(MODEL)
    assert pair.start().predict(x=1, y="hello").json == 7


CONFIGURED = """
import os

def load_model_fn(app_config):
    if app_config["mode"] == "single":
        return lambda x: x * 2
    return lambda xs: [x * 2 for x in xs]

def load_predict_fn(app_config, model):
    here = sorted(name for name in os.listdir(".") if name.endswith(".py"))
    def f(x, y):
        if app_config["mode"] == "single":
            return model(x) + len(y)
        return [m + len(y_i) for m, y_i in zip(model(x), y)]
    assert here == ["predict.py"], here
    return f
"""
KINDS = {
    "anyOf": [
        {"type": "object", "properties": {"kind": {"const": "single"}, **X_AND_Y["properties"]}, "required": ["kind"]},
        {"$ref": "#/$defs/Batched"},
    ],
    "$defs": {
        "Batched": {
            "type": "object",
            "properties": {"kind": {"const": "batched"}, "x": {"type": "array"}, "y": {"type": "array"}},
            "required": ["kind"],
        }
    },
}


@pytest.mark.parametrize(
    ("config", "request_fields", "prediction"),
    [
        ({"appConfig": {"mode": "single"}}, {"kind": "single", "x": 1, "y": "hello"}, 7),
        ({"appConfigJSON": '{"mode": "batched"}'}, {"kind": "batched", "x": [1, 2], "y": ["a", ""]}, [3, 4]),
    ],
)
def test_app_config_and_a_field_that_the_function_does_not_take(
    served: Served, config: dict[str, Any], request_fields: dict[str, Any], prediction: Any
) -> None:
    pair = served(CONFIGURED, {**config, "loadModelFn": "predict.load_model_fn", "requestSchema": KINDS})
    for _ in range(2):
        answer = pair.predict(**request_fields)
        assert answer.json == prediction
    assert pair.worker_log.count("the field 'kind' of the request schema: it is dropped") == 1

    neither = pair.predict(kind="other")
    assert neither.code == "RequestSchemaViolation"
    assert "$.kind" in neither.json["error"]["details"][0]["message"]


class Counter:
    """predict_fn_or_cls as an object; ``init`` gets the config."""

    def init(self, config: Any) -> None:
        self.step = config["step"]
        self.count = 0

    def __call__(self) -> int:
        self.count += self.step
        return self.count


def test_an_object_with_init_is_the_predict_function(served: Served) -> None:
    import cloudpickle

    import tests.serving.test_predict as here

    cloudpickle.register_pickle_by_value(here)
    try:
        pair = served(Counter(), {"appConfig": {"step": 2}})
    finally:
        cloudpickle.unregister_pickle_by_value(here)
    assert [pair.predict().json for _ in range(3)] == [2, 4, 6]


ASYNC = """
import asyncio

lock = None

async def predict(x):
    global lock
    lock = lock or asyncio.Lock()
    async with lock:
        await asyncio.sleep(0)
        return x + 1
"""


def test_a_coroutine_function_keeps_its_event_loop(served: Served) -> None:
    pair = served(ASYNC)
    assert [pair.predict(x=1).json, pair.predict(x=2).json] == [2, 3]


NUMPY = """
import sys

def predict(n):
    import numpy
    return {"mean": numpy.float32(0.5), "row": numpy.arange(n), "scalar": numpy.int64(n)}
"""


def test_numpy_becomes_json_in_the_worker(served: Served) -> None:
    assert served(NUMPY).predict(n=3).json == {"mean": 0.5, "row": [0, 1, 2], "scalar": 3}


@pytest.mark.parametrize(("have", "used"), [("2.1.0", True), ("99.0", False)])
def test_an_older_cloudpickle_of_the_image_makes_place_for_ours(bundle: Served, have: str, used: bool) -> None:
    import cloudpickle

    pair = bundle(lambda x: x + 1, {"artifact": {"cloudpickleVersion": cloudpickle.__version__}})
    package = pair.root / "requirements/cloudpickle"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(f"__version__ = {have!r}\n")
    pair.start(wait=False)
    if used:
        pair.wait_ready()
        assert pair.predict(x=1).json == 2
        assert f"the image's {have} is older" in pair.worker_log
    else:
        assert pair.worker.wait(PATIENCE) == 1, "a newer one is the image's own business"
        assert pair.report["reason"] == "UnpickleFailed"


FLOATS = """
import numpy

def predict(n, bad=False):
    array = numpy.arange(n, dtype=float).reshape(2, -1) / 8
    if bad:
        array[1, 0] = float("nan")
    return {"array": array, "list": array.ravel().tolist(), "n": n}
"""


def test_large_arrays_are_the_same_json(served: Served) -> None:
    pair = served(FLOATS, {"responseSchema": {"properties": {"list": {"items": {"maximum": 1000}}}}})
    flat = [value / 8 for value in range(2000)]
    assert pair.predict(n=2000).json == {"array": [flat[:1000], flat[1000:]], "list": flat, "n": 2000}
    assert pair.predict(n=20_000).code == "ResponseSchemaViolation", "the schema sees the whole"
    assert "nan at $.array[1][0]" in pair.predict(n=2000, bad=True).message


def test_a_function_chooses_null_for_what_is_not_finite(bundle: Served) -> None:
    pair = bundle(FLOATS + "\npredict.not_finite = 'null'\n").start()
    assert pair.predict(n=2000, bad=True).json["array"][1][:2] == [None, 125.125]
    assert pair.predict(n=4, bad=True).json["list"] == [0, 0.125, None, 0.375]


def test_another_choice_is_a_failed_load(bundle: Served) -> None:
    pair = bundle(FLOATS + "\npredict.not_finite = 'zero'\n").start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    assert pair.report["reason"] == "LoadFailed"
    assert "'zero'" in pair.report["message"]
