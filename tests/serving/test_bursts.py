"""Items that come faster than they are sent one by one: none late, lost, out of place or sent after the end."""

from __future__ import annotations

import http.client
import json
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.serving.conftest import Served, serving
from tools.testkit.pair import Background, Pair, until
from tools.testkit.pythons import python_of

pytestmark = pytest.mark.undisturbed

SOURCE = """
import ctypes, time

closed = 0

def numbers(n, fail=False):
    global closed
    try:
        yield from range(n)
        if fail:
            raise ValueError("no more")
    finally:
        closed += 1

async def anumbers(n):
    for number in range(n):
        yield number

def stamps(size, clumps, gap, hold=False):
    for _ in range(clumps):
        for _ in range(size):
            yield time.time()
        if hold:
            ctypes.PyDLL(None).usleep(int(gap * 1e6))  # a call that keeps the interpreter lock
        else:
            time.sleep(gap)

def texts(sizes):
    for number, size in enumerate(sizes):
        yield f"{number} " + size * "x"

def predict(kind="numbers", **fields):
    return closed if kind == "closed" else globals()[kind](**fields)
"""
SSE = {"accept": "text/event-stream"}
LINES = {"accept": "application/x-ndjson"}
MANY = 30_000


@pytest.fixture(scope="module", params=["3.8", "this Python"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    python = python_of(request.param) if request.param == "3.8" else sys.executable
    with serving(tmp_path_factory.mktemp("bursts") / "root", SOURCE, python=python, max_concurrency=3) as pair:
        yield pair


def ask(pair: Pair, headers: dict[str, str], **fields: Any) -> bytes:
    return pair.call("POST", "/predict", json.dumps(fields).encode(), **headers).body


def begin(pair: Pair, **fields: Any) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", pair.port, timeout=30)
    connection.request("POST", "/predict", json.dumps(fields), LINES)
    return connection.getresponse()


class TestWhole:
    def test_in_each_form(self, pair: Pair) -> None:
        assert ask(pair, LINES, n=MANY) == b"".join(b"%d\n" % number for number in range(MANY))
        assert ask(pair, SSE, n=MANY) == b"".join(b"data: %d\n\n" % number for number in range(MANY))
        assert json.loads(ask(pair, {}, n=MANY)) == list(range(MANY))

    def test_of_an_async_generator(self, pair: Pair) -> None:
        assert json.loads(ask(pair, {}, kind="anumbers", n=3000)) == list(range(3000))

    def test_several_streams_at_once(self, pair: Pair) -> None:
        answers = [Background(pair, n=MANY) for _ in range(3)]
        assert [answer.answer().json for answer in answers] == [list(range(MANY))] * 3

    def test_large_items_among_small_ones(self, pair: Pair) -> None:
        sizes = [0, 1, 100, 40_000, 2, 3, 32_760, 3, 1_000_000, *[4] * 100, 33_000, 5] * 5
        got = [json.loads(line) for line in ask(pair, LINES, kind="texts", sizes=sizes).splitlines()]
        assert got == [f"{number} " + size * "x" for number, size in enumerate(sizes)]


@pytest.mark.parametrize(("size", "hold"), [(2, False), (50, False), (4, True)])
def test_no_item_waits_for_the_next_one(pair: Pair, size: int, hold: bool) -> None:
    gap = 0.2
    response = begin(pair, kind="stamps", size=size, clumps=11, gap=gap, hold=hold)
    late = [time.time() - float(line) for line in iter(response.readline, b"")]
    last = late[size - 1 :: size]
    assert len(last) == 11
    assert statistics.median(last) < gap / 2, "it is about a millisecond on a quiet machine"


class TestTheEnd:
    def test_an_error_comes_after_all_items(self, pair: Pair) -> None:
        for n in (6, MANY):
            *items, error = ask(pair, LINES, n=n, fail=True).splitlines()
            assert items == [b"%d" % number for number in range(n)]
            assert "no more" in json.loads(error)["error"]["message"]

    def test_a_client_that_leaves(self, pair: Pair) -> None:
        before = int(ask(pair, {}, kind="closed"))
        response = begin(pair, n=10**9)
        assert response.readline() == b"0\n"
        response.close()
        until(lambda: int(ask(pair, {}, kind="closed")) > before, "the generator is closed")
        assert ask(pair, {}, n=3) == b"[0,\n1,\n2]"

    def test_an_item_that_breaks_the_response_schema(self, served: Served) -> None:
        pair = served(SOURCE, {"responseSchema": {"maximum": 1234}})
        *items, error = ask(pair, LINES, n=10**9).splitlines()
        assert items == [b"%d" % number for number in range(1235)]
        assert json.loads(error)["error"]["code"] == "ResponseSchemaViolation"
        assert ask(pair, {}, n=3) == b"[0,\n1,\n2]", "its place is free again"

    def test_a_worker_that_is_killed(self, served: Served) -> None:
        pair = served(SOURCE)
        response = begin(pair, n=10**9)
        assert response.readline() == b"0\n"
        pair.kill(pair.worker)
        *items, error = response.read().splitlines()
        assert items == [b"%d" % number for number in range(1, len(items) + 1)]
        assert json.loads(error)["error"]["code"] == "WorkerDied"
