"""Spans of real requests, as a collector gets them. The collector is a stand-in (collector.py)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.collector import Collector, Span
from tests.serving.conftest import Served
from tools.testkit.pair import Pair, until

BUNDLE = """
import time
import opentelemetry.propagate

def predict(seconds: float = 0.0, fail: bool = False):
    time.sleep(seconds)
    if fail:
        raise ValueError("no")
    carrier = {}
    opentelemetry.propagate.inject(carrier)
    return carrier
"""
STREAMS = """
import time

def predict():
    for n in range(3):
        time.sleep(0.1)
        yield n
"""
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
NOT_SAMPLED = PARENT[:-1] + "0"
SERVER_KIND = 2
PHASES = ["queue", "batch", "predict", "encode"]


@pytest.fixture
def collector() -> Iterator[Collector]:
    found = Collector()
    yield found
    found.close()


def traced(bundle: Served, endpoint: str, source: str = BUNDLE, **variables: str) -> Pair:
    pair = bundle(source, name="sentiment")
    pair.environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_SCHEDULE_DELAY": "50", **variables}
    return pair.start()


def ask(pair: Pair, body: Any = None, path: str = "/predict", **headers: str) -> Any:
    return pair.call("POST", path, json.dumps(body or {}).encode(), **headers)


def parent(answer: Any) -> tuple[str, str, bool]:
    """Trace, span and whether it is sampled, as user code has it."""
    _, trace, span, flags = answer.json["traceparent"].split("-")
    return trace, span, bool(int(flags, 16) & 1)


def one(collector: Collector, name: str) -> Span:
    (span,) = until(lambda: collector.named(name), f"a span {name}")
    return span


def test_a_request_is_a_span_with_its_phases_below_it(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url)
    answer = ask(pair, {"seconds": 0.2}, path="/predict?key=secret", x_request_id="mine")
    span = one(collector, "POST /predict")
    assert (span.kind, span.parent, span.failed) == (SERVER_KIND, "", False)
    assert span.attributes == {
        "http.request.method": "POST",
        "url.path": "/predict",
        "url.scheme": "http",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "http.response.body.size": len(answer.body),
        "http.response.header.x-request-id": ["mine"],
    }
    assert span.resource["service.name"] == "sentiment"
    assert span.resource["service.version"] == pair.digest
    below = collector.below(span)
    assert sorted(below) == sorted(PHASES)
    times = [moment for name in PHASES for moment in (below[name].start, below[name].end)]
    assert [span.start, *times, span.end] == sorted([span.start, *times, span.end])
    assert below["predict"].end - below["predict"].start >= 0.2e9
    assert parent(answer) == (span.trace, span.id, True), "the user's spans are its children"


def test_the_callers_trace_goes_on_through_the_server_to_user_code(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url)
    answer = ask(pair, traceparent=PARENT, tracestate="a=1")
    span = one(collector, "POST /predict")
    assert (span.trace, span.parent) == tuple(PARENT.split("-")[1:3])
    assert parent(answer) == (span.trace, span.id, True)
    assert answer.json["tracestate"] == "a=1"


def test_a_parent_that_breaks_the_format_is_none_and_has_no_state(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url)
    answer = ask(pair, traceparent="00-nonsense", tracestate="a=1")
    span = one(collector, "POST /predict")
    assert span.parent == ""
    assert parent(answer) == (span.trace, span.id, True)
    assert "tracestate" not in answer.json


def test_what_the_caller_or_the_sampler_leaves_out_has_no_span(bundle: Served, collector: Collector) -> None:
    sampler = {"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0"}
    pair = traced(bundle, collector.url, **sampler)
    for headers in ({}, {"traceparent": NOT_SAMPLED}):
        assert not parent(ask(pair, **headers))[2], "user code is told so"
    ask(pair, traceparent=PARENT)
    one(collector, "POST /predict")
    assert {span.trace for span in collector.spans} == {PARENT.split("-")[1]}


def test_errors_of_any_protocol_say_so(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url)
    assert ask(pair, {"fail": True}).status == 500
    assert ask(pair, {"instances": [{}]}, "/v1/models/sentiment:predict").status == 200
    assert ask(pair, path="/v1/models/other:predict").status == 404
    failed = one(collector, "POST /predict")
    assert (failed.failed, failed.attributes["error.type"]) == (True, "500")
    assert "predict" in collector.below(failed)
    assert one(collector, "POST /v1/models/{model}:predict").attributes["url.path"] == "/v1/models/sentiment:predict"
    missing = one(collector, "POST")
    assert (missing.failed, missing.attributes["http.response.status_code"]) == (False, 404)
    assert "http.route" not in missing.attributes


def test_a_stream_is_one_span_to_its_last_item(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url, STREAMS)
    assert ask(pair, accept="application/x-ndjson").body == b"0\n1\n2\n"
    span = one(collector, "POST /predict")
    assert span.end - span.start >= 0.3e9
    assert sorted(collector.below(span)) == sorted(PHASES)


def test_a_client_that_left_has_a_span_that_failed(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url)
    body = b'{"seconds": 0.5}'
    with pair.open() as sock:
        sock.sendall(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
        sock.shutdown(socket.SHUT_WR)
    span = one(collector, "POST /predict")
    assert (span.failed, span.attributes["error.type"]) == (True, "ClientGone")


def test_probes_and_scrapes_have_no_spans_and_an_end_sends_what_there_is(bundle: Served, collector: Collector) -> None:
    pair = traced(bundle, collector.url, OTEL_BSP_SCHEDULE_DELAY="3600000", OTEL_SERVICE_NAME="mine")
    ask(pair)
    pair.call("GET", "/metrics")
    assert collector.spans == []
    pair.server.terminate()
    assert pair.server.wait(60) == 0
    assert {span.name for span in collector.spans if not span.parent} == {"POST /predict"}, "no /readyz, no /metrics"
    assert {span.resource["service.name"] for span in collector.spans} == {"mine"}


def test_a_collector_that_is_away_costs_no_request_anything(bundle: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"  # it accepts, and never answers
        pair = traced(bundle, endpoint)
        assert all(ask(pair).status == 200 for _ in range(50))
        pair.server.terminate()
        assert pair.server.wait(60) == 0


def test_a_line_of_the_access_log_names_the_trace(bundle: Served, collector: Collector, tmp_path) -> None:
    pair = bundle(BUNDLE, name="sentiment", access_log=True)
    pair.environment |= {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with open(tmp_path / "stdout", "wb") as output:
        pair.stdout = output.fileno()
        pair.start()
    ask(pair, traceparent=PARENT)
    log = tmp_path / "stdout"
    until(lambda: "/predict" in log.read_text(), "its line")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line.get("traceId") for line in lines if line["path"] == "/predict"] == [PARENT.split("-")[1]]
    assert {line.get("traceId") for line in lines if line["path"] == "/readyz"} == {None}
