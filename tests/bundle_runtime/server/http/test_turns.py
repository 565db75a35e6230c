"""Long work for several requests, and short work for many: all of it together keeps others waiting for one step."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Iterator
from functools import partial

from bundle_runtime.contract import wire
from bundle_runtime.server.http.connection import ANSWERED_AT_ONCE
from bundle_runtime.server.http.open_connections import CONNECTIONS_AT_ONCE
from bundle_runtime.server.http.parser import PARTS_AT_ONCE
from bundle_runtime.server.http.turns import Few, Turns
from tests.bundle_runtime.server.client import HEALTH, Client
from tests.bundle_runtime.server.client import answered as until_answered

MIB = 1024 * 1024


async def test_one_step_a_turn_of_the_loop_and_each_work_in_its_turn() -> None:
    turns, seen = Turns(asyncio.get_running_loop()), []

    def work(name: str, steps: int) -> Iterator[None]:
        for number in range(steps):
            seen.append(f"{name}{number}")
            yield
        seen.append(f"{name}!")

    for name, steps in (("a", 3), ("b", 2), ("c", 0)):
        turns.take(work(name, steps))
    assert seen == ["a0", "b0", "c!"], "the first step at once"
    for expected in (["a1"], ["b1"], ["a2"], ["b!"], ["a!"], []):
        seen.clear()
        await asyncio.sleep(0)
        assert seen == expected
    turns.take(work("d", 1))
    await asyncio.sleep(0)
    assert seen == ["d0", "d!"]


def bomb(size: int) -> bytes:
    content = gzip.compress(b" " * size)
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n"
    return head % len(content) + content


async def test_others_are_answered_while_bodies_are_decompressed() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    bombs = []
    for _ in range(3):
        client.connect()
        client.sends(bomb(9 * MIB))
        bombs.append(client.transport)
    gone = client.connection
    answered = 0
    while not bombs[0].sent:
        client.connect()
        client.sends(HEALTH)
        answered += client.status == 200
        await asyncio.sleep(0)
        if answered == 3:
            gone.connection_lost(None)
    assert answered > 15
    await until_answered(bombs[1])
    await client.server.predictions._large.idle()
    assert [bool(transport.sent) for transport in bombs] == [True, True, False], "the last one's client has gone"
    assert client.server.memory.holders == {}


CHUNKS = 3 * PARTS_AT_ONCE


def in_chunks(body: bytes) -> bytes:
    head = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"


async def test_of_chunks_that_came_at_once_some_are_read_and_then_others_have_their_turn() -> None:
    client = Client()
    sent: list[bytes] = []
    client.server.dispatcher.ready(lambda kind, id, payload: sent.append(payload), 0)
    body = b'{"y":"%b"}' % (b"a" * CHUNKS)
    client.sends(in_chunks(body) + HEALTH)
    turns = 0
    while not sent:
        client.connect()
        client.sends(HEALTH)
        assert client.status == 200
        await asyncio.sleep(0)
        turns += 1
    assert turns == CHUNKS // PARTS_AT_ONCE - 1, "the first of them at once"
    assert wire.unpack_fields(sent[0]) == json.loads(body)
    assert client.server.memory.holders == {}


async def test_a_client_that_goes_while_its_chunks_wait_for_their_turn() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(in_chunks(b" " * 8 * CHUNKS))
    assert client.server.memory.holders, "what is not parsed yet is counted"
    client.connection.connection_lost(None)
    for _ in range(10):
        await asyncio.sleep(0)
    assert client.server.memory.holders == {}
    assert client.server.dispatcher.in_flight == 0


async def test_of_requests_that_came_at_once_some_are_answered_and_then_others_have_their_turn() -> None:
    client = Client()
    client.sends(HEALTH * 3000)
    many, answered = client.transport, 0
    while (count := many.sent.count(b"HTTP/1.1 200")) < 3000:
        assert count - answered <= ANSWERED_AT_ONCE
        answered = count
        client.connect()
        client.sends(HEALTH)
        assert client.status == 200
        await asyncio.sleep(0)
    assert answered > 2900
    assert client.server.memory.small.total == 0


async def test_of_many_clients_that_sent_requests_at_once_some_have_theirs_answered_in_a_turn() -> None:
    client = Client()
    many = []
    for _ in range(3 * CONNECTIONS_AT_ONCE):
        client.connect()
        client.sends(HEALTH * 2 * ANSWERED_AT_ONCE)
        many.append(client.transport)
    counts = []
    for _ in range(4):
        counts.append([each.sent.count(b"HTTP/1.1 200") // ANSWERED_AT_ONCE for each in many])
        await asyncio.sleep(0)
    each = CONNECTIONS_AT_ONCE
    assert counts == [[2] * (number * each) + [1] * ((3 - number) * each) for number in range(4)]


async def test_few_are_called_in_a_turn_in_the_order_in_which_they_came() -> None:
    called: list[int] = []
    few = Few(2, asyncio.get_running_loop())
    few.later(partial(called.append, 0))
    for number in range(1, 5):
        few.now(partial(called.append, number))
    seen = []
    for _ in range(4):
        seen.append(list(called))
        await asyncio.sleep(0)
    assert seen == [[], [0, 1], [0, 1, 2, 3], [0, 1, 2, 3, 4]]
    await asyncio.sleep(0)
    few.now(partial(called.append, 5))
    assert called[-1] == 5, "at once, where none waits"
