"""Pages of other origins ask a served bundle from a browser (CORS)."""

from __future__ import annotations

import pytest

from tests.serving.conftest import Served

ECHO = "def predict(x):\n    return x\n"
PAGE, OTHER = "https://app.example.com", "https://other.example.com"
ASKS = {"access_control_request_method": "POST", "access_control_request_headers": "content-type,x-request-id"}
ALLOWED = "access-control-allow-origin"


class TestCrossOrigin:
    @pytest.mark.parametrize(
        ("setting", "origin", "allowed"),
        [
            (PAGE, PAGE, PAGE),
            (f"http://localhost:3000,{PAGE}", PAGE, PAGE),
            (PAGE, OTHER, None),
            (PAGE, "null", None),
            ("*", OTHER, "*"),
        ],
    )
    def test_who_may_read(self, served: Served, setting: str, origin: str, allowed: str | None) -> None:
        pair = served(ECHO, cors_origins=setting)
        preflight = pair.call("OPTIONS", "/predict", None, origin=origin, **ASKS)
        assert preflight.headers.get(ALLOWED) == allowed
        if allowed is not None:
            assert preflight.status == 200
            assert preflight.headers["access-control-allow-methods"] == "GET, HEAD, POST"
            assert preflight.headers["access-control-allow-headers"] == "content-type,x-request-id"
        for method, path, body, status in (
            ("POST", "/predict", b'{"x": 1}', 200),
            ("POST", "/predict", b"{", 400),
            ("POST", "/v1/models/model:predict", b'{"instances": [1]}', 200),
            ("GET", "/openapi.json", None, 200),
            ("GET", "/nowhere", None, 404),
        ):
            answer = pair.call(method, path, body, origin=origin)
            assert (answer.status, answer.headers.get(ALLOWED)) == (status, allowed), path
            assert (setting == "*") == (answer.headers.get("vary") is None)
        assert ALLOWED not in pair.predict(x=1).headers, "without an origin"

    def test_a_stream_and_a_refusal_before_the_body(self, served: Served) -> None:
        pair = served("def predict(n):\n    yield from range(n)\n", cors_origins="*", max_request_bytes=2000)
        answer = pair.call("POST", "/predict", b'{"n": 3}', origin=PAGE, accept="text/event-stream")
        assert (answer.headers[ALLOWED], answer.body.count(b"data: ")) == ("*", 3)
        large = pair.call("POST", "/predict", b" " * 3000, origin=PAGE)
        assert (large.status, large.headers[ALLOWED]) == (413, "*")

    def test_off_unless_it_is_set(self, served: Served) -> None:
        echo = served(ECHO)
        preflight = echo.call("OPTIONS", "/predict", None, origin=PAGE, **ASKS)
        assert (preflight.status, preflight.headers["allow"]) == (405, "POST")
        answer = echo.call("POST", "/predict", b'{"x": 1}', origin=PAGE)
        assert [name for name in answer.headers if name.startswith("access-control") or name == "vary"] == []

    def test_pipelined_requests_are_answered_in_order(self, served: Served) -> None:
        pair = served(ECHO, cors_origins=PAGE)
        head = b"host: m\r\norigin: https://app.example.com\r\n"
        asks = b"OPTIONS /predict HTTP/1.1\r\n%baccess-control-request-method: POST\r\n\r\n" % head
        predict = b'POST /predict HTTP/1.1\r\n%bcontent-length: 8\r\n\r\n{"x": 7}' % head
        with pair.open() as connection:
            connection.sendall(asks + predict + b"GET /healthz HTTP/1.1\r\nhost: m\r\nconnection: close\r\n\r\n")
            got = b""
            while data := connection.recv(65536):
                got += data
        bodies = [part.split(b"\r\n\r\n", 1)[1] for part in got.split(b"HTTP/1.1 200 OK")[1:]]
        assert bodies == [b"{}", b"7", b'{"status":"ok"}']
