"""A bundle with predict_batch: many requests, one call, an answer for each."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import PATIENCE, Answer, Background, Pair, until
from tools.testkit.pythons import interpreter

SOURCE = """
import os, time

class Batched:
    max_batch_size = 4

    def __init__(self):
        self.sizes = []

    def predict_batch(self, rows):
        self.sizes.append(len(rows))
        time.sleep(max(row.get("sleep", 0) for row in rows))
        while any("until" in row and not os.path.exists(row["until"]) for row in rows):
            time.sleep(0.005)
        if any(row["x"] == "all" for row in rows):
            raise RuntimeError("the whole batch")
        if any(row["x"] == "short" for row in rows):
            return [1] * (len(rows) + 1)
        if any(row["x"] == "sizes" for row in rows):
            return [self.sizes] * len(rows)
        return [ValueError("bad row") if row["x"] == "one" else {"twice": row["x"] * 2} for row in rows]

def load_predict_fn(model):
    return Batched()
"""


TRACE = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}


@pytest.fixture(scope="module")
def batched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    document = {"responseSchema": {"not": {"const": {"twice": 26}}}}
    oldest = interpreter("3.8") or sys.executable
    with serving(tmp_path_factory.mktemp("batched") / "root", SOURCE, document, python=oldest) as pair:
        yield pair


class Running:
    """A batch that runs until it may end."""

    _numbers = itertools.count()

    def __init__(self, pair: Pair) -> None:
        self._end = pair.root / f"end-{next(self._numbers)}"
        self._request = Background(pair, x=0, until=str(self._end))
        until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "a batch runs")

    def answer(self) -> Answer:
        self._end.touch()
        return self._request.answer()


def behind(pair: Pair, *rows: object) -> list[Background]:
    """Requests that come while a batch runs, so that they are the next one together."""
    first = Running(pair)
    answers = [Background(pair, x=row) for row in rows]
    until(lambda: pair.metric("modelbundle_queue_depth") == len(rows), "they wait")
    first.answer()
    return answers


def test_what_waits_is_one_batch(batched: Pair) -> None:
    before = batched.metric("modelbundle_batch_size_count")
    answers = [each.answer() for each in behind(batched, 1, 2, 3, 4, 5)]
    assert sorted(answer.json["twice"] for answer in answers) == [2, 4, 6, 8, 10]
    assert batched.predict(x="sizes").json[-4:] == [1, 4, 1, 1]
    assert batched.metric("modelbundle_batch_size_count") == before + 4


def test_an_idle_worker_waits_for_nobody(batched: Pair) -> None:
    before = phases(batched)
    assert batched.predict(x=1, sleep=0.5).json == {"twice": 2}
    waited, queued, took = (now - then for now, then in zip(phases(batched), before, strict=True))
    assert took >= 0.5
    assert waited + queued < took


def phases(pair: Pair) -> list[float]:
    return [pair.metric(f'modelbundle_phase_seconds_sum{{phase="{name}"}}') for name in ("batch", "queue", "user")]


def test_an_exception_in_the_list_is_one_requests_error(batched: Pair) -> None:
    bad, good, broken = (each.answer() for each in behind(batched, "one", 2, 13))
    assert (bad.status, bad.code, "ValueError: bad row" in bad.message) == (500, "PredictFailed", True)
    assert good.json == {"twice": 4}
    assert broken.code == "ResponseSchemaViolation", "schemas are each request's own"


@pytest.mark.parametrize(("row", "says"), [("all", "the whole batch"), ("short", "3 results for 2 requests")])
def test_what_breaks_the_batch_is_everybodys_error(batched: Pair, row: str, says: str) -> None:
    for answer in [each.answer() for each in behind(batched, row, 2)]:
        assert (answer.status, says in answer.message) == (500, True)
    assert batched.predict(x=1).json == {"twice": 2}


def test_other_protocols(batched: Pair) -> None:
    instances = {"instances": [{"x": number} for number in range(6)]}
    answer = batched.call("POST", "/v1/models/model:predict", json.dumps(instances).encode())
    assert answer.json == {"predictions": [{"twice": 2 * number} for number in range(6)]}
    inputs = [{"name": "x", "datatype": "INT64", "shape": [], "data": [3]}]
    answer = batched.call("POST", "/v2/models/model/infer", json.dumps({"inputs": inputs}).encode())
    assert answer.json["outputs"][0]["data"] == [6]
    instances["instances"][4]["x"] = "one"  # type: ignore[assignment]
    answer = batched.call("POST", "/v1/models/model:predict", json.dumps(instances).encode())
    assert "instance 4: ValueError: bad row" in answer.json["error"]


def test_a_client_that_leaves_takes_only_its_own_request(batched: Pair) -> None:
    first = Running(batched)
    with batched.open() as connection:
        connection.sendall(b'POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\n{"x": 9}')
        until(lambda: batched.metric("modelbundle_queue_depth") == 1, "it waits")
    second = Background(batched, x=2)
    assert [first.answer().json, second.answer().json] == [{"twice": 0}, {"twice": 4}]


def test_what_is_too_late_is_not_begun(served: Served) -> None:
    source = SOURCE.replace('row.get("sleep", 0)', "1").replace("max_batch_size = 4", "max_batch_size = 1")
    pair = served(source, request_timeout_seconds=2.5)
    for number in range(3):  # which teaches how long it takes
        assert pair.predict(x=number).status == 200
    answers = [each.answer() for each in [Background(pair, x=number) for number in range(8)]]
    good = [answer for answer in answers if answer.status == 200]
    assert {answer.status for answer in answers} - {200} <= {429, 504}
    assert 1 <= len(good) <= 2
    done = pair.predict(x="sizes")
    assert len(done.json) <= 3 + 3 + 1, "no more was begun than could be answered"


def test_a_callable_object_is_called(served: Served) -> None:
    source = SOURCE.replace(
        "    def predict_batch", "    def __call__(self, x):\n        return x\n\n    def predict_batch"
    )
    assert served(source).predict(x=3).json == 3


def test_a_size_that_cannot_be(bundle: Served) -> None:
    pair = bundle(SOURCE.replace("max_batch_size = 4", "max_batch_size = 0")).start(wait=False)
    assert pair.worker.wait(PATIENCE) == 1
    assert "max_batch_size is 0" in pair.report["message"]


def test_traced_requests_and_launch_s_envelope_are_batched_too(batched: Pair) -> None:
    before = batched.metric("modelbundle_batch_size_count")
    first = Running(batched)
    with ThreadPoolExecutor() as clients:
        traced = clients.submit(batched.call, "POST", "/predict", b'{"x": 1}', **TRACE)
        launch = clients.submit(batched.call, "POST", "/launch/predict", b'{"args": {"x": 2}}', **TRACE)
        until(lambda: batched.metric("modelbundle_queue_depth") == 2, "they wait")
        first.answer()
        assert traced.result().json == {"twice": 2}
        assert json.loads(launch.result().json["result"]) == {"twice": 4}
    assert batched.metric("modelbundle_batch_size_count") == before + 2
