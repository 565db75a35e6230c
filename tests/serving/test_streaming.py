"""Predictions that come item by item: their forms, their errors, a slow client, one that leaves."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.serving.conftest import Served, code_bundle
from tests.serving.test_protocols import PARENT
from tools.testkit.pair import Background, Pair, stopping, until

SOURCE = """
import asyncio, time
from pathlib import Path

marks = Path(__file__).parent / "marks"

def mark(name):
    with open(marks, "a") as file:
        file.write(name + " ")

def count(n, wait=0, size=0, fail=None):
    try:
        for number in range(n):
            mark(str(number))
            yield "x" * size if size else number
            time.sleep(wait)
            if number == fail:
                raise ValueError("no more")
    finally:
        mark("closed")

async def acount(n, wait=0):
    try:
        for number in range(n):
            yield number
            await asyncio.sleep(wait)
    finally:
        mark("aclosed")

async def later(n):
    await asyncio.sleep(0)
    return acount(n)

def predict(kind="sync", **fields):
    if kind == "sync":
        return count(**fields)
    if kind == "async":
        return acount(**fields)
    if kind == "later":
        return later(**fields)
    if kind == "iterator":
        return map(str, range(fields["n"]))
    if kind == "bad":
        return iter([1, object()])
    return kind
"""
SSE = {"accept": "text/event-stream"}
LINES = {"accept": "application/x-ndjson"}


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("streams") / "root"
    code_bundle(root, SOURCE)
    with stopping(Pair(root, {}, request_timeout_seconds=1.5)) as pair:
        yield pair.start()


def ask(pair: Pair, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    return pair.call("POST", "/predict", json.dumps(fields).encode(), **(headers or {}))


def begin(pair: Pair, headers: dict[str, str] | None = None, **fields: Any) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)
    connection.request("POST", "/predict", json.dumps(fields), headers or {})
    return connection.getresponse()


def marks(pair: Pair) -> list[str]:
    file = Path(pair.root / "bundle/artifact/marks")
    return file.read_text().split() if file.exists() else []


class TestForms:
    def test_one_json_array(self, streams: Pair) -> None:
        answer = ask(streams, n=3)
        assert (answer.status, answer.body) == (200, b"[0,\n1,\n2]")
        assert answer.headers["transfer-encoding"] == "chunked"
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-modelbundle-digest"] == streams.digest

    def test_events(self, streams: Pair) -> None:
        answer = ask(streams, SSE, n=2)
        assert answer.body == b"data: 0\n\ndata: 1\n\n"
        assert answer.headers["content-type"] == "text/event-stream"
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("accept", ["application/x-ndjson", "text/html, application/jsonl;q=0.5"])
    def test_lines(self, streams: Pair, accept: str) -> None:
        answer = ask(streams, {"accept": accept}, n=2)
        assert answer.body == b"0\n1\n"
        assert answer.headers["content-type"] in accept

    @pytest.mark.parametrize(("headers", "body"), [({}, b"[]"), (SSE, b""), (LINES, b"")])
    def test_nothing_yielded(self, streams: Pair, headers: dict[str, str], body: bytes) -> None:
        answer = ask(streams, headers, n=0)
        assert (answer.status, answer.body) == (200, body)

    @pytest.mark.parametrize("kind", ["async", "later", "iterator"])
    def test_what_else_is_a_stream(self, streams: Pair, kind: str) -> None:
        expected = ["0", "1"] if kind == "iterator" else [0, 1]
        assert ask(streams, kind=kind, n=2).json == expected

    def test_what_yields_nothing_is_answered_as_ever(self, streams: Pair) -> None:
        answer = ask(streams, SSE, kind="plain")
        assert (answer.body, answer.headers["content-type"]) == (b'"plain"', "application/json")

    def test_the_connection_is_kept(self, streams: Pair) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", streams.port, timeout=30)
        for _ in range(3):
            connection.request("POST", "/predict", b'{"n": 2}')
            assert connection.getresponse().read() == b"[0,\n1]"
            sock = connection.sock
        assert connection.sock is sock

    def test_http_1_0_gets_a_body_that_ends_with_the_connection(self, streams: Pair) -> None:
        with streams.open() as connection:
            connection.sendall(b"POST /predict HTTP/1.0\r\ncontent-length: 8\r\n\r\n" + b'{"n": 2}')
            got = b""
            while data := connection.recv(65536):
                got += data
        assert got.endswith(b"\r\n\r\n[0,\n1]")
        assert b"chunked" not in got

    def test_items_come_when_they_are_yielded(self, streams: Pair) -> None:
        start = time.monotonic()
        response = begin(streams, SSE, n=2, wait=0.5)
        assert response.readline() == b"data: 0\n"
        assert time.monotonic() - start < 0.45
        response.read()


@pytest.mark.parametrize(
    ("path", "body", "answer"),
    [
        ("/launch/predict", {"args": {"n": 2}}, {"result": "[0,1]"}),
        ("/v1/models/model:predict", {"instances": [{"n": 2}, {"n": 0}]}, {"predictions": [[0, 1], []]}),
    ],
)
def test_a_protocol_without_streams_has_a_list(streams: Pair, path: str, body: Any, answer: Any) -> None:
    assert streams.call("POST", path, json.dumps(body).encode()).json == answer


def test_tensors_of_what_is_yielded(streams: Pair) -> None:
    inputs = [{"name": "n", "datatype": "INT64", "shape": [], "data": [3]}]
    answer = streams.call("POST", "/v2/models/model/infer", json.dumps({"inputs": inputs}).encode()).json
    assert answer["outputs"][0]["data"] == [0, 1, 2]


class TestErrors:
    def test_before_the_first_item_it_is_an_ordinary_error(self, streams: Pair) -> None:
        assert ask(streams, n="x").status == 500

    def test_later_it_is_an_event_or_a_line(self, streams: Pair) -> None:
        first, event, _ = ask(streams, SSE, n=3, fail=0).body.split(b"\n\n")
        assert first == b"data: 0"
        assert event.startswith(b"event: error\ndata: ")
        assert "no more" in json.loads(event.split(b"data: ")[1])["error"]["message"]
        first, line = ask(streams, LINES, n=3, fail=0).body.splitlines()
        assert json.loads(line)["error"]["code"] == "PredictFailed"

    def test_an_array_breaks_off(self, streams: Pair) -> None:
        response = begin(streams, n=3, fail=0)
        with pytest.raises(http.client.IncompleteRead) as broken:
            response.read()
        assert broken.value.partial == b"[0"

    def test_an_item_that_is_no_json(self, streams: Pair) -> None:
        assert b"ResponseNotJSON" in ask(streams, SSE, kind="bad").body

    def test_an_item_that_breaks_the_response_schema_ends_it(self, served: Served) -> None:
        pair = served(SOURCE, {"responseSchema": {"maximum": 1}})
        answer = ask(pair, SSE, n=100_000, wait=0.001)
        assert answer.body.count(b"data: ") == 3
        assert b"ResponseSchemaViolation" in answer.body
        until(lambda: "closed" in marks(pair), "the generator is closed")
        assert len(marks(pair)) < 1000
        assert ask(pair, kind="iterator", n=0).json == []

    def test_each_item_has_the_time_of_an_answer(self, streams: Pair) -> None:
        answer = ask(streams, LINES, n=3, wait=0.8)
        assert len(answer.body.splitlines()) == 3, "2.4 s in all, with a limit of 1.5 s"
        late = ask(streams, LINES, kind="async", n=2, wait=60).body.splitlines()
        assert [late[0], b"DeadlineExceeded" in late[1]] == [b"0", True]

    def test_a_worker_that_dies_ends_its_streams(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, SSE, n=1000, wait=0.05)
        assert response.readline()
        pair.kill(pair.worker)
        assert b"WorkerDied" in response.read()


class TestFlow:
    def test_a_client_that_does_not_read_stops_the_function(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, LINES, n=3_000, size=10_000)
        time.sleep(0.5)
        before = len(marks(pair))
        time.sleep(0.5)
        assert len(marks(pair)) == before < 1500, "30 MB would have been made"
        assert int((Path("/proc") / str(pair.server.pid) / "statm").read_text().split()[1]) * 4096 < 150e6
        assert len(response.read()) == 3_000 * 10_003
        assert marks(pair)[-1] == "closed"

    @pytest.mark.parametrize("kind", ["sync", "async"])
    def test_a_client_that_leaves_ends_the_generator(self, served: Served, kind: str) -> None:
        pair = served(SOURCE)
        wait = 0.05 if kind == "sync" else 60  # where it awaits it need not come to its next yield
        response = begin(pair, SSE, kind=kind, n=1000, wait=wait)
        assert response.readline()
        response.fp.raw._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
        response.close()
        until(lambda: any("closed" in mark for mark in marks(pair)), "closed", 10)
        assert len(marks(pair)) < 100
        assert ask(pair, n=1).json == [0], "its place is free again"
        assert pair.metric('modelbundle_requests_total{code="ClientGone",status="499"}') == 1

    def test_a_client_that_leaves_before_there_is_a_stream(self, served: Served) -> None:
        source = "import time\n\ndef predict():\n    time.sleep(0.5)\n    return iter(['x' * 1000] * 100_000)\n"
        pair = served(source)
        with pair.open() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}")
            until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "it runs")
        until(lambda: pair.metric("modelbundle_requests_in_flight") == 0, "its place is free again", 10)

    def test_a_drain_waits_for_a_stream_and_no_longer_than_a_request_may_take(self, served: Served) -> None:
        pair = served(SOURCE, request_timeout_seconds=2)
        short = begin(pair, LINES, n=4, wait=0.2)
        assert short.readline() == b"0\n"
        drain = pair.drain()
        assert short.read() == b"1\n2\n3\n"
        assert drain.wait(20) == 0

        pair = served(SOURCE, request_timeout_seconds=2)
        endless = begin(pair, LINES, n=10_000, wait=0.1)
        assert endless.readline()
        start = time.monotonic()
        assert pair.drain().wait(20) == 0
        assert time.monotonic() - start < 8
        assert b"DeadlineExceeded" in endless.read()

    @pytest.mark.parametrize("drain_seconds", [0, 60])
    def test_the_next_request_after_a_stream_that_a_drain_came_upon(self, served: Served, drain_seconds: int) -> None:
        pair = served(SOURCE, drain_seconds=drain_seconds)
        connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)
        connection.request("POST", "/predict", b'{"n": 3, "wait": 0.3}', LINES)
        stream = connection.getresponse()
        assert stream.readline() == b"0\n"
        assert not stream.will_close, "so the client may send another request, which must not be lost"
        drain = pair.drain()
        until(lambda: pair.metric("modelbundle_draining") == 1, "it drains")
        assert stream.read() == b"1\n2\n"
        connection.request("POST", "/predict", b'{"kind": "plain"}')
        answer = connection.getresponse()
        assert (answer.status, answer.will_close) == (200, True)
        pair.kill(pair.server, signal.SIGTERM)  # cuts a wait for load balancers short
        assert drain.wait(10) == 0

    def test_a_stream_that_begins_during_a_drain(self, served: Served) -> None:
        pair = served(SOURCE, drain_seconds=1)
        drain = pair.drain()
        until(lambda: pair.metric("modelbundle_draining") == 1, "it drains")
        stream = begin(pair, LINES, n=5, wait=0.4)
        assert stream.will_close
        assert stream.read() == b"0\n1\n2\n3\n4\n", "whole, though it takes longer than the wait for load balancers"
        assert drain.wait(10) == 0

    def test_several_streams_at_once(self, served: Served) -> None:
        pair = served(SOURCE, max_concurrency=3)
        answers = [Background(pair, n=5, wait=0.05) for _ in range(3)] + [Background(pair, kind="async", n=5)]
        assert [answer.answer().json for answer in answers] == [[0, 1, 2, 3, 4]] * 4


TRACED = """
import opentelemetry.propagate

def predict():
    for _ in range(2):
        carrier = {}
        opentelemetry.propagate.inject(carrier)
        yield carrier
"""


def test_a_trace_is_current_while_items_are_made(served: Served) -> None:
    pair = served(TRACED)
    assert ask(pair, {"traceparent": PARENT}).json == [{"traceparent": PARENT}] * 2
    assert ask(pair).json == [{}, {}]
