"""A server for this machine alone: programs here ask, web pages of other origins and other host names do not."""

from __future__ import annotations

import json

import pytest

from tests.serving.conftest import Served

ECHO = "def predict(x):\n    return x\n"
PAGE = "https://app.example.com"


def test_who_is_answered(served: Served) -> None:
    pair = served(ECHO, local_only=True)
    for host in ("localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:8080"):
        assert pair.call("POST", "/predict", b'{"x": 1}', host=host).status == 200, host
    for origin in ("http://localhost:3000", "http://127.0.0.1:8080", "http://[::1]"):
        assert pair.call("POST", "/predict", b'{"x": 1}', origin=origin).status == 200, origin


@pytest.mark.parametrize(
    "headers",
    [{"host": "rebound.example.com"}, {"host": "localhost.example.com:8080"}, {"origin": PAGE}, {"origin": "null"}],
)
def test_who_is_not(served: Served, headers: dict[str, str]) -> None:
    pair = served(ECHO, local_only=True)
    for method, path, body in (("POST", "/predict", b'{"x": 1}'), ("GET", "/", None), ("GET", "/metrics", None)):
        answer = pair.call(method, path, body, **headers)
        assert (answer.status, json.loads(answer.body)["error"]["code"]) == (403, "Forbidden"), path
    assert pair.metric('modelbundle_requests_total{code="OK",status="200"}') == 0, "nothing was predicted"


def test_origins_that_the_bundle_names_may_ask(served: Served) -> None:
    pair = served(ECHO, local_only=True, cors_origins=PAGE)
    answer = pair.call("POST", "/predict", b'{"x": 1}', origin=PAGE)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, PAGE)
    assert pair.call("POST", "/predict", b'{"x": 1}', origin="https://other.example.com").status == 403
    assert pair.call("POST", "/predict", b'{"x": 1}', origin=PAGE, host="rebound.example.com").status == 403


def test_off_in_a_pod(served: Served) -> None:
    assert served(ECHO).call("POST", "/predict", b'{"x": 1}', host="b.models.svc", origin=PAGE).status == 200
