"""A predict_batch that breaks what it can: each request of the batch has one answer, and the worker lives on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.serving.conftest import serving
from tools.testkit.pair import Answer, Background, Pair, until
from tools.testkit.pythons import oldest

BATCHED = r"""
import os, sys, time

class Results(list):
    def __init__(self, *items, raises=None):
        super().__init__(items)
        self.raises = raises
    def __len__(self):
        raise self.raises

class Truth:
    def __bool__(self):
        raise ValueError("no truth")

class Array(list):
    shape = Truth()
    tolist = None

class Property:
    tolist = property(lambda self: 1 / 0)

class List:
    def tolist(self):
        sys.exit(4)

class Pretender:
    __class__ = property(lambda self: sys.exit(5))

class OddError(ValueError):
    def __str__(self):
        sys.exit(3)

class Batched:
    max_batch_size = 8

    def predict_batch(self, rows):
        while any("until" in row and not os.path.exists(row["until"]) for row in rows):
            time.sleep(0.005)
        does = {row["do"] for row in rows}
        if "drop" in does:
            rows[:] = [row for row in rows if row["do"] != "drop"]
        if "length" in does:
            return Results(*rows, raises=SystemExit(3))
        if "truth" in does:
            return Array(rows)
        if "property" in does:
            return Property()
        if "generator" in does:
            return (row for row in rows)
        if "interrupt" in does:
            raise KeyboardInterrupt
        if "surrogate" in does:
            raise ValueError("caf\udce9")
        return [self.one(row["do"]) for row in rows]

    def one(self, do):
        return {
            "one surrogate": ValueError("caf\udce9"),
            "one odd": OddError(),
            "one list": List(),
            "one pretender": Pretender(),
            "one interrupt": KeyboardInterrupt(),
        }.get(do, do)

def load_predict_fn(model):
    return Batched()
"""


@pytest.fixture(scope="module")
def batched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with serving(
        tmp_path_factory.mktemp("batched") / "root", BATCHED, python=oldest(), request_timeout_seconds=60
    ) as pair:
        yield pair


def together(pair: Pair, *does: str) -> list[Answer]:
    """The answers of one batch."""
    end = pair.root / "end"
    end.unlink(missing_ok=True)
    first = Background(pair, do="first", until=str(end))
    until(lambda: pair.metric("modelbundle_requests_in_flight") == 1, "a batch runs")
    answers = []
    for number, do in enumerate(does):  # in this order
        answers.append(Background(pair, do=do))
        until(lambda number=number: pair.metric("modelbundle_queue_depth") == number + 1, "it waits")  # type: ignore[misc]
    end.touch()
    first.answer()
    return [each.answer() for each in answers]


@pytest.mark.parametrize(
    ("do", "says"),
    [
        ("drop", "2 results for 3 requests"),
        ("length", "SystemExit: 3"),
        ("truth", "no truth"),
        ("property", "ZeroDivisionError"),
        ("generator", "returned a generator: it must be a list"),
        ("interrupt", "KeyboardInterrupt"),
        ("surrogate", "caf\\udce9"),
    ],
)
def test_what_breaks_a_batch_is_told_to_each_of_its_requests(batched: Pair, do: str, says: str) -> None:
    for answer in together(batched, "a", do, "b"):
        assert (answer.status, answer.code) == (500, "PredictFailed")
        assert says in answer.message
    assert batched.predict(do="a").json == "a"
    assert batched.metric("modelbundle_worker_restarts_total") == 0


def test_what_breaks_one_result_is_told_to_its_request(batched: Pair) -> None:
    bad = ["one surrogate", "one odd", "one list", "one pretender", "one interrupt"]
    first, *broken, last = together(batched, "a", *bad, "b")
    assert (first.json, last.json) == ("a", "b")
    for answer, says in zip(
        broken, ["caf\\udce9", "OddError", "SystemExit: 4", "SystemExit: 5", "KeyboardInterrupt"], strict=True
    ):
        assert answer.status == 500
        assert says in answer.message
    assert batched.metric("modelbundle_worker_restarts_total") == 0


AWAITED = """
import asyncio, os

class Batched:
    async def predict_batch(self, rows):
        while any("until" in row and not os.path.exists(row["until"]) for row in rows):
            await asyncio.sleep(0.005)
        does = [row["do"] for row in rows]
        if "cancelled" in does:
            other = asyncio.ensure_future(asyncio.sleep(60))
            other.cancel()
            await other
        if "itself" in does:
            asyncio.current_task().cancel()
            await asyncio.sleep(60)
        return does

def load_predict_fn(model):
    return Batched()
"""


@pytest.fixture(scope="module", params=[oldest(), ""], ids=["oldest", "this"])
def awaited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    root = tmp_path_factory.mktemp("awaited") / "root"
    with serving(root, AWAITED, python=request.param, request_timeout_seconds=10) as pair:
        yield pair


@pytest.mark.parametrize("do", ["cancelled", "itself"])
def test_a_batch_that_is_cancelled_ends_each_of_its_requests(awaited: Pair, do: str) -> None:
    for answer in together(awaited, "a", do, "b"):
        assert (answer.code, "CancelledError" in answer.message) == ("PredictFailed", True)
    assert awaited.predict(do="a").json == "a"
    assert awaited.metric("modelbundle_requests_in_flight") == 0
