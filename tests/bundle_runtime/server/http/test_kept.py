"""What is small of many connections: counted as it comes, given back, and too much of it ends who has it longest."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.http.kept import KEPT_MIN_BYTES, SOCKET_BYTES
from bundle_runtime.server.limits import Limits
from tests.bundle_runtime.server.client import HEALTH, PREDICT, Client, Transport

KIB = 1024
BEGUN = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 65000\r\n\r\n"
CHUNKS = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
BODY = BEGUN + b" " * 65_000


class Unread(Transport):
    unread = 0

    def get_write_buffer_size(self) -> int:
        return self.unread


@pytest.mark.parametrize(
    "sent",
    [
        BEGUN + b" " * 60_000,
        CHUNKS + b"1\r\n \r\n" * 200 + b"f000\r\n" + b" " * 60_000,
        b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 100,
        b"GET / HTTP/1.1\r\nhost: x\r\na: " + b"b" * 15_000,
        b"GET /" + b"a" * 15_000,
    ],
    ids=["body", "chunks", "headers", "header", "target"],
)
async def test_a_part_of_a_request_is_counted_until_the_rest_is_here_or_the_client_gone(sent: bytes) -> None:
    client = Client()
    small = client.server.memory.small
    client.sends(sent)
    assert len(sent) * 0.9 < small.total < 70 * KIB + 130 * 100
    if sent.startswith(BEGUN):
        client.sends(b" " * 5000)
        assert client.status is not None
        assert small.total == 0
        client.sends(sent)
        assert small.total > 0
    client.connection.connection_lost(None)
    assert small.total == 0


async def test_a_large_body_is_counted_elsewhere() -> None:
    client = Client()
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 900000\r\n\r\n" + b" " * 200_000)
    assert client.server.memory.held >= 200_000
    assert client.server.memory.small.total < KEPT_MIN_BYTES


async def test_requests_that_wait_behind_another_are_counted_until_it_is_their_turn() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    small = client.server.memory.small
    client.sends(PREDICT)
    assert small.total == 0
    client.sends(BODY * 3)
    assert 3 * 65_000 < small.total < 3 * 66_000
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    for _ in range(9):
        await asyncio.sleep(0)
    assert client.transport.sent.count(b"HTTP/1.1 ") == 4
    assert small.total == 0


async def test_where_no_more_is_read_the_kernels_buffer_is_counted_too() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(PREDICT + HEALTH * 100)
    assert SOCKET_BYTES < client.server.memory.small.total < SOCKET_BYTES + 100 * 300
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    for _ in range(40):
        await asyncio.sleep(0)
    assert client.transport.sent.count(b"HTTP/1.1 ") == 101
    assert client.server.memory.small.total == 0


async def test_who_keeps_parts_for_longest_ends_when_they_are_too_much() -> None:
    client = Client(Limits(memory_bytes=64 << 20))
    small = client.server.memory.small
    transports = []
    for _ in range(100):
        client.connect()
        client.sends(BEGUN + b" " * 60_000)
        transports.append(client.transport)
        assert small.total <= small.most
    ended = [transport.ended for transport in transports]
    stay = ended.index("")
    assert 20 < stay < 50
    assert ended == ["aborted"] * stay + [""] * (100 - stay)
    assert b"modelbundle_connections_ended_total %d.0" % stay in client.server.metrics.text()


async def test_small_answers_that_are_not_read_are_counted_within_a_second() -> None:
    client = Client()
    transport = Unread()
    client.connection._transport = cast(asyncio.Transport, transport)
    unread = client.server.memory.unread
    client.sends(HEALTH)
    transport.unread = 60 * KIB  # too little for the transport to say so
    assert unread.total == 0
    client.waits(1)
    assert unread.total == client.server.memory.held == 60 * KIB + SOCKET_BYTES
    transport.unread = 0
    client.waits(1)
    assert unread.total == 0
    transport.unread = 100 * KIB
    client.connection.pause_writing()
    assert unread.total == client.server.memory.held == 100 * KIB + SOCKET_BYTES
    client.connection.resume_writing()
    assert (unread.total, client.server.memory.held) == (0, 0)
