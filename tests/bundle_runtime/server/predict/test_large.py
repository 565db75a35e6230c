"""A process beside the server that reads large bodies: what the two say, and what memory counts meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest

from bundle_runtime.contract import child_process, wire
from bundle_runtime.server.predict import beside
from bundle_runtime.server.predict.long_reads import COMMAS_MAX
from tests.bundle_runtime.server.client import Client, answered, bodies

NUMBERS = list(range(10**9, 10**9 + 2 * COMMAS_MAX))


def post(body: bytes, path: str = "/predict") -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("cut", [1, 3, 1000])
def test_messages_come_whole_however_they_are_cut(cut: int) -> None:
    said = [(beside.NEEDS, 1, "the body", 2, "BodyTooLarge"), (beside.READ, wire.REQUEST, 7, {})]
    sent = b"".join(map(beside.packed, said))
    received, found = bytearray(), []
    for at in range(0, len(sent), cut):
        received += sent[at : at + cut]
        found += beside.unpacked(received)
    assert (found, received) == (said, b"")


async def test_the_worker_gets_what_it_would_have_got() -> None:
    client = Client()
    sent: list[tuple[int, object]] = []
    client.server.dispatcher.ready(lambda kind, id, payload: sent.append((kind, wire.unpack_fields(payload))), 0)
    client.sends(post(json.dumps({"x": NUMBERS}).encode()))
    await client.server.predictions._large.idle()
    assert sent == [(wire.REQUEST, {"x": NUMBERS})]
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert bodies(client) == [b"7"]
    await client.server.predictions.idle()
    assert client.server.memory.holders == {}


async def test_what_the_process_takes_is_in_the_budget_of_all() -> None:
    client = Client()
    memory = client.server.memory
    client.server.dispatcher.ready(lambda *_: None, 0)
    held = []
    needs = memory.needs
    memory.needs = lambda size, *more: (needs(size, *more), held.append(size))[0]  # type: ignore[method-assign,func-returns-value]
    body = json.dumps({"x": NUMBERS}).encode()
    client.sends(post(body))
    assert memory.held == len(body)
    most = 0
    while not (held and memory.held < most):
        most = max(most, memory.held)
        await asyncio.sleep(0)
    assert held[0] > 64 * len(NUMBERS)
    assert most >= held[0] + len(body)
    await client.server.predictions.idle()


async def test_what_is_needed_one_after_the_other_need_not_be_there_at_once() -> None:
    client = Client()
    client.server.bundle.name = "m"
    client.server.memory.most = 200 * len(NUMBERS)  # its values as JSON take 112 each, and 160 on their way to a tensor
    sent: list[int] = []
    client.server.dispatcher.ready(lambda kind, *_: sent.append(kind), 0)
    tensor = {"name": "x", "datatype": "INT64", "shape": [len(NUMBERS)], "data": NUMBERS}
    client.sends(post(json.dumps({"inputs": [tensor]}).encode(), "/v2/models/m/infer"))
    await client.server.predictions._large.idle()
    assert (sent, client.transport.sent) == ([wire.CALL], b"")


async def test_there_is_no_process_without_memory_for_it() -> None:
    client = Client()
    memory = client.server.memory
    client.server.dispatcher.ready(lambda *_: None, 0)
    body = json.dumps({"x": NUMBERS}).encode()
    other = object()
    client.sends(post(body))
    memory.hold(other, memory.most - 2 * len(body))  # others have come since
    await answered(client.transport)
    assert client.status == 503
    assert b"send it again later" in client.transport.sent
    assert memory.refusals[("request", "now")] == 1
    await client.server.predictions.idle()
    assert list(memory.holders) == [other]


async def test_a_place_that_others_have_taken_meanwhile_is_taken() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(post(json.dumps({"x": NUMBERS}).encode()))
    large = client.transport
    for _ in range(2):  # the one place, and the one that may wait for it
        client.connect()
        client.sends(post(b"{}"))
    await answered(large)
    assert large.sent.startswith(b"HTTP/1.1 429 ")
    await client.server.predictions.idle()


@pytest.mark.parametrize("begun", [0, 1], ids=["none", "only the one that forks"])
async def test_where_no_process_can_begin_the_body_is_read_all_the_same(
    begun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fork, forks = child_process.fork, itertools.count()

    def none(blocked: set[Any]) -> int:
        if next(forks) >= begun:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        return fork(blocked)

    monkeypatch.setattr(child_process, "fork", none)
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(post(json.dumps({"x": NUMBERS}).encode()))
    await client.server.predictions._large.idle()
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert bodies(client) == [b"7"]
    assert client.server.memory.holders == {}
