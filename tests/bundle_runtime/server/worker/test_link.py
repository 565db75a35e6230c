"""The worker as the server knows it: alive or stalled, able to read a trace, of another protocol, or not there."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import DRAINING
from bundle_runtime.server.worker.connection import WorkerConnection
from bundle_runtime.server.worker.link import WORKER_RETURN_SECONDS
from tests.bundle_runtime.server.client import PREDICT, Client, Transport


async def test_a_stalled_worker_is_not_alive_and_a_loading_one_is() -> None:
    client = Client()
    worker = client.server.link
    listener = Transport()
    connection = WorkerConnection(worker, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, listener))
    connection.data_received(wire.pack_json(wire.HELLO, digest="sha256:0", pid=1, python="3.8.1"))

    def alive() -> int | None:
        client.connect()
        client.sends(b"GET /internal/worker/alive HTTP/1.1\r\nhost: x\r\n\r\n")
        return client.status

    client.clock.now += 3600
    assert alive() == 200, "unpickling may hold the interpreter lock for long"
    connection.data_received(wire.pack_json(wire.READY, seconds={"load": 1.0}))
    client.clock.now += 59
    assert alive() == 200
    client.clock.now += 2
    assert alive() == 503
    connection.data_received(wire.pack(wire.HEARTBEAT))
    assert alive() == 200


async def test_a_trace_goes_to_a_worker_that_can_read_it() -> None:
    client = Client()
    link = client.server.link
    connection = WorkerConnection(link, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, Transport()))
    sent: list[int] = []

    def kind() -> int:
        client.server.dispatcher.ready(lambda kind, id, payload: sent.append(kind), 0)
        client.connect()
        parent = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
        client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ntraceparent: %b\r\ncontent-length: 2\r\n\r\n{}" % parent)
        client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, len(sent), b"7", wire.NO_TIME), "")
        return sent[-1]

    assert kind() == wire.CALL, "who comes next may read it"
    connection.data_received(wire.pack_json(wire.HELLO, digest="sha256:0", pid=1, python="3.8.1"))
    connection.data_received(wire.pack(wire.HEARTBEAT))
    assert kind() == wire.CALL, "what it loads may yet import OpenTelemetry"
    connection.data_received(wire.pack_json(wire.READY) + wire.pack(wire.HEARTBEAT))
    assert kind() == wire.REQUEST
    connection.data_received(wire.pack(wire.HEARTBEAT, 1))
    assert kind() == wire.CALL
    connection.data_received(wire.pack(wire.HEARTBEAT))
    connection.connection_lost(None)
    assert kind() == wire.CALL


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (wire.pack_json(wire.HELLO, digest="sha256:1"), "DigestMismatch"),
        (wire.pack_json(wire.READY), "ProtocolMismatch"),
        (wire.HEADER.pack(0, wire.HELLO, 9, 0, 0, 0, 0, 0), "ProtocolMismatch"),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "ProtocolMismatch"),
    ],
)
async def test_who_does_not_speak_the_protocol_is_told_and_closed(first: bytes, reason: str) -> None:
    client = Client()
    socket = Transport()
    connection = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, socket))
    connection.data_received(first)
    (frame,) = wire.Decoder().feed(socket.sent)
    assert (frame.kind, json.loads(frame.payload)["reason"]) == (wire.CLOSE, reason)
    assert socket.ended == "closed"
    assert client.server.link.state == "WaitingForWorker"


async def test_without_a_worker_a_request_waits_a_moment_and_then_is_told_to_ask_elsewhere() -> None:
    client = Client()
    client.sends(PREDICT)
    client.waits(WORKER_RETURN_SECONDS / 2)
    assert client.status is None
    client.waits(WORKER_RETURN_SECONDS / 2)
    assert (client.status, client.transport.ended) == (503, "closed")
    assert b'"NotReady"' in client.transport.sent
    assert b"connection: close" in client.transport.sent
    client.connect()
    client.sends(PREDICT)
    assert client.status == 503, "at once: it has been gone for long"


@pytest.mark.parametrize("how", ["drains", "failed to load"])
async def test_no_request_waits_for_a_worker_that_does_not_come(how: str) -> None:
    client = Client()
    if how == "drains":
        client.server.lifecycle.stage = DRAINING
    else:
        client.server.link.on_failed({"reason": "LoadFailed", "message": "no such weights"})
    client.sends(PREDICT)
    assert client.status == 503


async def test_a_large_request_keeps_its_turn() -> None:
    client = Client()
    socket = Transport()
    connection = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, socket))
    payloads = [b"a", b"b" * 100_000, b"c"]
    for id, payload in enumerate(payloads):
        connection.send(wire.REQUEST, id, payload)
    await asyncio.sleep(0)
    assert [frame.payload for frame in wire.Decoder().feed(socket.sent)] == payloads
