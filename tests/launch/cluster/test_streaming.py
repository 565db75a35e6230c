"""Items of a prediction as they come: in order, with an error between them, and with an end by the caller."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import urllib3

from launch.cluster.posting import Streamed, stream, stream_from_url
from launch.cluster.streaming import events, items
from launch.errors import APIError, PredictionError
from tools.testkit.http_in_thread import HttpInThread, Quiet

EVENTS = {"content-type": "text/event-stream", "x-modelbundle-digest": "sha256:d"}
ERROR = {"error": {"code": "PredictFailed", "message": "ValueError: no", "details": []}}


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_events_are_the_same_however_they_are_cut(size: int) -> None:
    text = b'data: 1\n\ndata: "a"\r\n\r\n: a remark\n\nevent: error\ndata: {"x":\ndata: 2}\n\ndata: cut'
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    assert list(events(pieces)) == [(b"", b"1"), (b"", b'"a"'), (b"error", b'{"x":\n2}')]


def test_an_error_between_items_comes_after_them() -> None:
    pieces = [b"data: 1\n\ndata: 2\n\n", b"event: error\ndata: " + json.dumps(ERROR).encode() + b"\n\n"]
    found = items(Streamed(200, EVENTS, iter(pieces)))
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(PredictionError, match="PredictFailed: ValueError: no"):
        next(found)


def test_an_error_before_the_first_item_has_its_own_status() -> None:
    with pytest.raises(PredictionError) as raised:
        next(items(Streamed(422, {}, iter([json.dumps(ERROR).encode()]))))
    assert raised.value.status == 422


def test_what_does_not_stream_is_one_item() -> None:
    assert list(items(Streamed(200, {"content-type": "application/json"}, iter([b"[1,", b"2]"])))) == [[1, 2]]


def test_closing_ends_the_connection() -> None:
    ended = []

    def pieces() -> Iterator[bytes]:
        try:
            while True:
                yield b"data: 1\n\n"
        finally:
            ended.append(True)

    found = items(Streamed(200, EVENTS, pieces()))
    assert next(found) == 1
    found.close()
    assert ended == [True]


class _Server(HttpInThread):
    """Sends an item for each that the test lets through; `cut` ends the connection within the answer."""

    def __init__(self) -> None:
        self.accepted: list[str | None] = []
        self.turns = threading.Semaphore(0)
        self.cut = False
        outer = self

        class Handler(Quiet):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                outer.accepted.append(self.headers["accept"])
                self.send_response(200)
                for name, value in {**EVENTS, "transfer-encoding": "chunked"}.items():
                    self.send_header(name, value)
                self.end_headers()
                for number in range(3):
                    outer.turns.acquire(timeout=60)
                    piece = b"data: %d\n\n" % number
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                if outer.cut:
                    self.close_connection = True
                else:
                    self.wfile.write(b"0\r\n\r\n")

        super().__init__(Handler)


@pytest.fixture
def server() -> Iterator[_Server]:
    with closing(_Server()) as made:
        yield made


class _Api:
    """As much of an ApiClient as transport.py asks of one."""

    def __init__(self, url: str) -> None:
        self.configuration = self
        self.host = url
        self.rest_client = self
        self.pool_manager = urllib3.PoolManager(retries=False)

    def auth_settings(self) -> dict[str, Any]:
        return {}


@pytest.fixture(params=["url", "proxy"])
def begun(request: pytest.FixtureRequest, server: _Server) -> Any:
    """A stream of the server, asked for directly or as the API server's proxy is."""
    if request.param == "url":
        return lambda: stream_from_url(f"{server.url}/predict", b"{}", 60, {"accept": "other"})
    return lambda: stream(_Api(server.url), "models", "b", b"{}", 60, {"accept": "other"}, direct=False)


def test_each_item_comes_before_the_next_is_there(server: _Server, begun: Any) -> None:
    found = items(begun())
    for number in range(3):
        server.turns.release()
        assert next(found) == number
    assert list(found) == []
    assert server.accepted[0] == "text/event-stream"


def test_a_connection_that_ends_in_the_middle_is_an_error(server: _Server, begun: Any) -> None:
    server.cut = True
    found = items(begun())
    for _ in range(3):
        server.turns.release()
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(APIError):
        next(found)


def test_nothing_that_listens_is_an_error_of_the_client() -> None:
    with pytest.raises(APIError, match=r"cannot reach http://127\.0\.0\.1:9/"):
        stream_from_url("http://127.0.0.1:9/", b"{}", 5)
