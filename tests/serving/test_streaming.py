"""Predictions that come item by item: their forms, their errors, a slow client, one that leaves."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.conftest import Served, serving
from tests.serving.streams import LINES, SOURCE, SSE, ask, begin, marks
from tests.serving.test_protocols import PARENT
from tools.testkit.pair import Pair, until


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(tmp_path_factory.mktemp("streams") / "root", SOURCE, request_timeout_seconds=3) as pair:
        yield pair


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
        response = begin(streams, SSE, kind="gated")
        assert response.readline() == b"data: 0\n"
        (streams.root / "bundle/artifact/go").touch()  # without which there is no second one
        assert response.read() == b"\ndata: 1\n\n"


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
        answer = ask(streams, LINES, n=4, wait=1.2)
        assert len(answer.body.splitlines()) == 4, "4.8 s in all, with a limit of 3 s"
        late = ask(streams, LINES, kind="async", n=2, wait=60).body.splitlines()
        assert [late[0], b"DeadlineExceeded" in late[1]] == [b"0", True]

    def test_a_worker_that_dies_ends_its_streams(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, SSE, n=1000, wait=0.05)
        assert response.readline()
        pair.kill(pair.worker)
        assert b"WorkerDied" in response.read()


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
