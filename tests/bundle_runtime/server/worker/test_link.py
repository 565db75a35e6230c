"""The worker as the server knows it: alive or stalled, able to read a trace, of another protocol, or not there."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import DRAINING
from bundle_runtime.server.worker.connection import WorkerConnection
from bundle_runtime.server.worker.link import WORKER_RETURN_SECONDS
from bundle_runtime.server.worker.others import MOST, SECONDS
from tests.bundle_runtime.server.client import PREDICT, Client, Transport


def hello(connection: WorkerConnection, **fields: Any) -> bytes:
    said = {"digest": "sha256:0", "pid": 1, "python": "3.8.1", "nonce": connection.nonce}
    return wire.pack_json(wire.HELLO, 0, **{**said, **fields})


def connected(client: Client) -> tuple[WorkerConnection, Transport]:
    socket = Transport()
    connection = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, socket))
    return connection, socket


def reason(socket: Transport) -> str:
    """Of its end."""
    frames = wire.Decoder().feed(socket.sent)
    assert [frame.kind for frame in frames] == [wire.GREETING, wire.CLOSE]
    return str(json.loads(frames[1].payload)["reason"])


async def test_a_stalled_worker_is_not_alive_and_a_loading_one_is() -> None:
    client = Client()
    connection, _ = connected(client)
    connection.data_received(hello(connection))

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
    connection, _ = connected(client)
    sent: list[int] = []

    def kind() -> int:
        client.server.dispatcher.ready(lambda kind, id, payload: sent.append(kind), 0)
        client.connect()
        parent = b"00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"
        client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ntraceparent: %b\r\ncontent-length: 2\r\n\r\n{}" % parent)
        client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, len(sent), b"7", wire.NO_TIME), "")
        return sent[-1]

    assert kind() == wire.CALL, "who comes next may read it"
    connection.data_received(hello(connection))
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
    ("first", "why"),
    [
        ({"digest": "sha256:1"}, "DigestMismatch"),
        ({"nonce": "0" * 32}, "ProtocolMismatch"),
        ({"nonce": None}, "ProtocolMismatch"),
        (wire.pack_json(wire.READY), "ProtocolMismatch"),
        (wire.pack(wire.RESPONSE, 1, b"7"), "ProtocolMismatch"),
        (wire.pack_header(wire.RESPONSE, 1, wire.MAX_BODY) + b" " * 5000, "ProtocolMismatch"),
        (wire.HEADER.pack(0, wire.HELLO, 9, 0, 0, 0, 0, 0), "ProtocolMismatch"),
        (b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "ProtocolMismatch"),
    ],
)
async def test_who_does_not_speak_the_protocol_is_told_and_closed(first: bytes | dict[str, object], why: str) -> None:
    client = Client()
    connection, socket = connected(client)
    connection.data_received(hello(connection, **first) if isinstance(first, dict) else first)
    assert reason(socket) == why
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
    connection, socket = connected(client)
    payloads = [b"a", b"b" * 100_000, b"c"]
    for id, payload in enumerate(payloads):
        connection.send(wire.REQUEST, id, payload)
    await asyncio.sleep(0)
    assert [frame.payload for frame in wire.Decoder().feed(socket.sent)][1:] == payloads


async def test_frames_of_a_connection_that_another_took_the_place_of_are_nothing() -> None:
    client = Client()
    old, old_socket = connected(client)
    old.data_received(hello(old) + wire.pack_json(wire.READY))
    new, _ = connected(client)
    new.data_received(hello(new, pid=2))
    assert old_socket.ended == "aborted"
    old.data_received(wire.pack_json(wire.READY) + wire.pack_json(wire.FAILED, reason="LoadFailed", message=""))
    assert client.server.link.state == "Loading", "the new one says when it is ready"
    new.data_received(wire.pack_json(wire.READY))
    client.sends(PREDICT)
    old.data_received(wire.pack(wire.RESPONSE, 1, b"7"))
    assert client.status is None
    new.data_received(wire.pack(wire.RESPONSE, 1, b"8"))
    assert client.transport.sent.endswith(b"8")


async def test_what_is_not_the_workers_connection_may_hold_little_and_not_for_long() -> None:
    client = Client()
    worker, worker_socket = connected(client)
    worker.data_received(hello(worker) + wire.pack_json(wire.READY))
    memory = client.server.memory
    free = dict(memory.holders)
    many = [connected(client) for _ in range(3 * MOST)]
    assert [socket.ended for _, socket in many] == ["aborted"] * 2 * MOST + [""] * MOST, "the oldest make room"
    for other, _ in many:
        other.data_received(wire.pack_header(wire.RESPONSE, 1, wire.MAX_BODY))
        assert other._decoder.held == 0
    assert dict(memory.holders) == free, "nothing is reserved for what they promise"
    client.waits(SECONDS)
    assert all(socket.ended for _, socket in many)
    assert worker_socket.ended == ""
    assert client.server.link.loaded


async def test_a_worker_that_breaks_the_protocol_is_none_any_more() -> None:
    client = Client()
    connection, socket = connected(client)
    connection.data_received(hello(connection) + wire.pack_json(wire.READY))
    client.sends(PREDICT)
    connection.data_received(b"\xff" * wire.HEADER_SIZE)
    assert (client.status, socket.ended) == (503, "closed")
    connection.data_received(wire.pack(wire.RESPONSE, 1, b"7") + wire.pack_json(wire.READY))
    assert not client.server.link.loaded
    client.waits(SECONDS)
    assert socket.ended == "aborted", "it does not read why"
