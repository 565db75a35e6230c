"""/metrics tells where a request's time went."""

from __future__ import annotations

import time
from pathlib import Path

from tests.serving.conftest import Served
from tools.testkit.pair import Background, Pair, until

SLOW = """
import os, time

class Slow:
    def __init__(self, seconds): self.seconds = seconds
    def tolist(self):
        time.sleep(self.seconds)
        return [1]

def predict(user=0.0, serialise=0.0, until=""):
    time.sleep(user)
    while until and not os.path.exists(until):
        time.sleep(0.005)
    return Slow(serialise)
"""
STREAM = """
import time

def predict():
    for n in range(3):
        time.sleep(0.1)
        yield n
"""
BATCH = """
import os, time

class Model:
    def predict_batch(self, rows):
        while not os.path.exists(rows[0]["until"]):
            time.sleep(0.005)
        time.sleep(0.1)
        return [row["n"] for row in rows]

def load_predict_fn(model):
    return Model()
"""


def seconds(pair: Pair, phase: str) -> float:
    return pair.metric(f'modelbundle_phase_seconds_sum{{phase="{phase}"}}')


def spent(pair: Pair) -> float:
    """What all phases took together; where one counts what another does it is more than the requests took."""
    return sum(seconds(pair, phase) for phase in ("queue", "batch", "user", "serialise"))


def total(pair: Pair) -> float:
    return pair.metric("modelbundle_request_seconds_sum")


def counts(pair: Pair) -> set[float]:
    return {pair.metric(f'modelbundle_phase_seconds_count{{phase="{p}"}}') for p in ("queue", "batch", "user")}


def test_user_code_and_serialising_are_told_apart(served: Served) -> None:
    pair = served(SLOW)
    assert pair.predict(user=0.2, serialise=0.1).json == [1]
    assert seconds(pair, "user") >= 0.2
    assert seconds(pair, "serialise") >= 0.1
    assert spent(pair) <= total(pair)


def test_who_waits_for_the_worker_is_in_the_queue(served: Served, tmp_path: Path) -> None:
    pair, end = served(SLOW), tmp_path / "end"
    first = Background(pair, until=str(end))
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "the worker has it")
    waited = Background(pair)
    until(lambda: pair.metric("modelbundle_queue_depth") == 1, "it waits")
    time.sleep(0.1)
    end.touch()
    assert first.answer().status == waited.answer().status == 200
    assert seconds(pair, "queue") >= 0.1
    assert spent(pair) <= total(pair)


def test_an_error_has_its_time_too(served: Served) -> None:
    pair = served("import time\ndef predict():\n    time.sleep(0.1)\n    raise ValueError\n")
    assert pair.predict().status == 500
    assert seconds(pair, "user") >= 0.1


def test_a_stream_is_one_request_and_its_items_are_user_code(served: Served) -> None:
    pair = served(STREAM)
    assert pair.predict().json == [0, 1, 2]
    assert counts(pair) == {1}
    assert seconds(pair, "user") >= 0.3
    # not the sum: an item is made while the one before it is sent
    assert seconds(pair, "user") <= total(pair)


def test_each_request_of_a_batch_has_the_batch_s_time(served: Served, tmp_path: Path) -> None:
    pair, end = served(BATCH), tmp_path / "end"
    first = Background(pair, n=0, until=str(end))
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "the worker has it")
    together = [Background(pair, n=n, until=str(end)) for n in (1, 2)]
    until(lambda: pair.metric("modelbundle_queue_depth") == 2, "they wait")
    end.touch()
    assert [asked.answer().json for asked in (first, *together)] == [0, 1, 2]
    assert counts(pair) == {3}
    assert seconds(pair, "user") >= 0.3
