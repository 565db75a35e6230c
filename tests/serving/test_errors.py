"""Every error code of the contract that a request can bring about, from one bundle that does as its request says."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import Background, Pair

ODD = """
import sys

def predict(do, value=None):
    if do == "raise":
        raise RuntimeError("no such weights")
    if do == "exit":
        sys.exit(3)
    if do == "nan":
        return {"scores": [0.5, float("nan")]}
    if do == "object":
        return {"model": object()}
    if do == "loop":
        result = []
        result.append(result)
        return result
    if do == "print":
        print("seen:", value)
    return value
"""


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(
        tmp_path_factory.mktemp("odd") / "root", ODD, {"responseSchema": {"not": {"const": "forbidden"}}}
    ) as pair:
        yield pair


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"do": "raise"}, "PredictFailed", "RuntimeError: no such weights"),
        ({"do": "exit"}, "PredictFailed", "SystemExit: 3"),
        ({"do": "nan"}, "ResponseNotJSON", "nan at $.scores[1]"),
        ({"do": "object"}, "ResponseNotJSON", "builtins.object at $.model"),
        ({"do": "loop"}, "ResponseNotJSON", "Circular reference"),
        ({"do": "", "value": "forbidden"}, "ResponseSchemaViolation", "response schema"),
    ],
)
def test_what_user_code_did_wrong(odd: Pair, fields: dict[str, str], code: str, says: str) -> None:
    answer = odd.predict(**fields)
    assert (answer.status, answer.code) == (500, code)
    assert says in answer.message
    assert odd.predict(do="", value=[1]).json == [1], "the worker lives on"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "predict_fn needs do"),
        ({"do": "", "z": 1}, "predict_fn takes do, value; the request also has z"),
    ],
)
def test_fields_that_the_function_does_not_take_are_the_callers_mistake(
    odd: Pair, fields: dict[str, str], says: str
) -> None:
    answer = odd.predict(**fields)
    assert (answer.status, answer.code) == (422, "ArgumentMismatch")
    assert says in answer.message


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"1", b'{"do": NaN}', b'{"do": "\xff"}', b"[" * 2000])
def test_a_body_that_is_no_json_object(odd: Pair, body: bytes) -> None:
    answer = odd.call("POST", "/predict", body)
    assert (answer.status, answer.code) == (400, "NotJSON")


def test_routes_and_methods(odd: Pair) -> None:
    missing = odd.call("GET", "/nothing")
    assert (missing.status, missing.code) == (404, "NotFound")
    for method, path, allowed in [("GET", "/predict", "POST"), ("POST", "/healthz", "GET, HEAD")]:
        wrong = odd.call(method, path)
        assert (wrong.status, wrong.code, wrong.headers["allow"]) == (405, "MethodNotAllowed", allowed)
    for path in ("/healthz", "/readyz", "/internal/worker/started", "/internal/worker/alive", "/metrics", "/"):
        assert odd.call("GET", path).status == 200, path
        head = odd.call("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert int(head.headers["content-length"]) > 0
    about = odd.call("GET", "/?x=1").json
    assert (about["state"], about["digest"]) == ("Ready", odd.digest)


def test_request_ids_come_back_when_they_are_harmless(odd: Pair) -> None:
    assert odd.call("GET", "/healthz", x_request_id="a-1:b").headers["x-request-id"] == "a-1:b"
    for bad in ("", "two words", "x" * 200, "<script>"):
        made = odd.call("GET", "/healthz", x_request_id=bad).headers["x-request-id"]
        assert made not in (bad, "")


def test_what_user_code_prints_is_in_the_pods_log(odd: Pair) -> None:
    odd.predict(do="print", value="once")
    assert "seen: once" in odd.worker_log
    odd.predict(do="raise")
    assert "Traceback" in odd.worker_log
    assert "server: PredictFailed request=" in odd.server_log


def test_unicode_survives(odd: Pair) -> None:
    value = {"ключ": "naïve 🌍 \u2028"}
    answer = odd.call("POST", "/predict", json.dumps({"do": "", "value": value}).encode())
    assert answer.json == value


DEEP = """
import time

def predict(x: int = 0, deep: bool = False):
    time.sleep(0.3)
    value = x
    for _ in range(500 if deep else 0):
        value = [value]
    return value
"""


def test_what_is_nested_too_deeply_breaks_a_schema_for_its_client_alone(served: Served) -> None:
    schema = {"type": "integer"}
    pair = served(DEEP, {"requestSchema": {"properties": {"x": schema}}, "responseSchema": schema})
    answer = pair.call("POST", "/predict", b'{"x":' + b"[" * 300 + b"]" * 300 + b"}")
    assert (answer.status, answer.code) == (422, "RequestSchemaViolation")
    deep, beside = Background(pair, deep=True), Background(pair, x=7)
    assert (deep.answer().status, deep.answer().code) == (500, "ResponseSchemaViolation")
    assert beside.answer().json == 7
    assert pair.metric("modelbundle_worker_restarts_total") == 0
