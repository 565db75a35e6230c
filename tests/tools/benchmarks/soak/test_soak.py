"""What `make soak` judges by: a wrong, unexplained or uncounted answer and a leak are seen."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tools.benchmarks.soak.clients import parsed
from tools.benchmarks.soak.connection import Answer
from tools.benchmarks.soak.ledger import Ledger, code_of
from tools.benchmarks.soak.site import counts
from tools.benchmarks.soak.watch import slope

RETRY = {"retry-after": "1"}
SAMPLES_A_MINUTE = 120


def error(status: int, code: str, headers: dict[str, str] | None = None) -> Answer:
    body = json.dumps({"error": {"code": code, "message": "", "details": []}})
    return Answer(status, RETRY if headers is None else headers, body.encode(), True)


def ledger() -> Ledger:
    made = Ledger(timeout=2.0, sheds=False)
    made.outages.begins(10.0)
    made.outages.ends(12.0)
    return made


@pytest.mark.parametrize(
    ("started", "now", "answer", "fault"),
    [
        (1.0, 1.1, Answer(200, {}, b"7", True), ""),
        (1.0, 1.1, Answer(200, {}, b"8", True), "a wrong answer"),
        (9.0, 10.5, error(503, "WorkerDied"), ""),
        (13.5, 14.0, error(503, "WorkerDied"), "no worker was killed"),
        (11.0, 11.1, error(503, "NotReady"), ""),
        (11.0, 11.1, error(503, "NotReady", {}), "without Retry-After"),
        (1.0, 1.1, error(503, "NotReady"), "no worker was killed"),
        (1.0, 3.1, error(504, "DeadlineExceeded"), ""),
        (1.0, 2.0, error(504, "DeadlineExceeded"), "after 1.00 s of 2"),
        (1.0, 1.1, error(429, "QueueFull"), ""),
        (1.0, 1.1, error(500, "PredictFailed"), "nothing explains it"),
    ],
)
def test_each_answer_is_right_or_has_its_cause(started: float, now: float, answer: Answer, fault: str) -> None:
    made = ledger()
    made.prediction("small", started, now, answer, lambda found: found.json == 7)
    assert (fault in made.violations[0]) if fault else not made.violations


def test_an_error_that_is_deserved_must_come() -> None:
    made = ledger()
    made.expected_error("raises", 1.0, 1.1, error(500, "PredictFailed"), 500, "PredictFailed")
    made.expected_error("raises", 1.0, 1.1, error(429, "QueueFull"), 500, "PredictFailed")
    assert not made.violations
    made.expected_error("raises", 1.0, 1.1, Answer(200, {}, b"7", True), 500, "PredictFailed")
    assert made.wrong == 1


@pytest.mark.parametrize(
    ("server", "faults"),
    [
        ({(200, "OK"): 2, (499, "ClientGone"): 1}, 0),
        ({(200, "OK"): 3}, 0),  # the one that left was answered before that showed
        ({(200, "OK"): 2}, 1),  # it is missing
        ({(200, "OK"): 1, (499, "ClientGone"): 1}, 2),  # an answer that the server knows nothing of
        ({(200, "OK"): 2, (500, "PredictFailed"): 1}, 1),  # no client saw it
    ],
)
def test_the_servers_count_is_the_clients(server: dict[tuple[int, str], int], faults: int) -> None:
    made = ledger()
    for _ in range(2):
        made.ended("small", 1.0, 1.1, 200, "OK")
    made.left("reset")
    assert len(made.differences(Counter(server))) == faults


def test_counts_are_read_as_prometheus_has_them() -> None:
    text = 'modelbundle_requests_total{code="OK",status="200"} 12.0\nmodelbundle_queue_depth 0.0\n'
    assert counts(text) == {(200, "OK"): 12}


@pytest.mark.parametrize("mib", [0, 3])
def test_a_leak_is_seen_below_what_comes_and_goes(mib: int) -> None:
    leak = mib * (1 << 20) / SAMPLES_A_MINUTE
    series = [int((50 << 20) + at * leak + (at % 3 == 0) * (20 << 20)) for at in range(5 * SAMPLES_A_MINUTE)]
    rises, minutes = slope(series, warm_up=0.5)
    assert (rises / (1 << 20), minutes) == (pytest.approx(mib, abs=0.01), 2.5)


@pytest.mark.parametrize(
    ("accept", "body", "whole", "items", "ended"),
    [
        ("text/event-stream", b"data: 1\n\ndata: 2\n\n", True, [1, 2], None),
        ("text/event-stream", b'data: 1\n\nevent: error\ndata: {"error": 0}\n\n', True, [1], {"error": 0}),
        ("application/x-ndjson", b'1\n{"error": 0}\n', True, [1], {"error": 0}),
        ("application/x-ndjson", b"", True, [], None),
        ("application/json", b"[1,\n2]", True, [1, 2], None),
        ("application/json", b"[1,\n2", False, [1, 2], None),
        ("application/json", b"", False, [], None),
    ],
)
def test_a_stream_is_read_to_its_end(accept: str, body: bytes, whole: bool, items: list[int], ended: object) -> None:
    assert parsed(Answer(200, {}, body, whole), accept) == (items, ended)


@pytest.mark.parametrize(
    "body",
    [{"error": {"code": "A"}}, {"error": "A: why"}, {"detail": {"error": {"code": "A"}}}],
    ids=["predict", "V1 and V2", "envelope"],
)
def test_every_protocols_errors_have_a_code(body: object) -> None:
    assert code_of(body) == "A"
