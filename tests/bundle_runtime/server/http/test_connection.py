"""Time on a connection, with a clock that the test moves: who is too slow loses the connection and nothing else."""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import weakref

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.http import body, parser
from bundle_runtime.server.http import connection as http
from bundle_runtime.server.limits import Limits
from bundle_spec.connection_age import CONNECTION_SECONDS, DEFAULT_IDLE_SECONDS, max_connection_age
from tests.bundle_runtime.server.client import HEALTH, PREDICT, Client, bodies, turns


async def test_a_head_that_trickles_is_ended() -> None:
    client = Client()
    client.sends(b"GET /healthz HTTP/1.1\r\nhost: x\r\n")
    for _ in range(int(parser.HEAD_SECONDS)):
        client.sends(b"a: b\r\n")
        client.waits(1)
    assert client.status is None
    client.waits(1)
    assert (client.status, client.transport.ended) == (408, "eof")
    client.sends(b"\r\n")
    assert client.transport.sent.count(b"HTTP/1.1") == 1


@pytest.mark.parametrize(("rate", "status"), [(body.BODY_RATE * 2, None), (body.BODY_RATE // 4, 408)])
async def test_a_body_must_keep_a_pace(rate: int, status: int | None) -> None:
    client = Client()
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 9999999\r\n\r\n")
    for _ in range(70):
        client.sends(b" " * rate)
        client.waits(1)
    assert client.status == status


async def test_an_idle_connection_is_closed_late_and_only_when_idle() -> None:
    """A load balancer that keeps its own for 60 s never sends a request into one that this side ends."""
    client = Client()
    client.waits(CONNECTION_SECONDS * 0.75)
    client.sends(HEALTH)
    assert client.status == 200
    client.waits(60)
    assert client.transport.ended == ""
    client.waits(DEFAULT_IDLE_SECONDS - 61)
    assert client.transport.ended == ""
    client.waits(2)
    assert client.transport.ended == "closed"


async def test_an_old_connection_ends_with_an_answer() -> None:
    client = Client()
    client.waits(CONNECTION_SECONDS * 0.75)
    client.sends(HEALTH)
    assert (b"connection: close" in client.transport.sent, client.transport.ended) == (False, "")
    client.waits(CONNECTION_SECONDS * 0.25)
    client.sends(HEALTH)
    assert (client.transport.sent.count(b"HTTP/1.1 200"), client.transport.ended) == (2, "closed")
    assert client.transport.sent.count(b"connection: close") == 1


async def test_no_pipelined_request_is_lost_to_age() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}" + HEALTH)
    client.waits(CONNECTION_SECONDS + 1)
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    await asyncio.sleep(0)
    assert client.transport.sent.count(b"HTTP/1.1 200") == 2
    assert client.transport.sent.count(b"connection: close") == 1


async def test_no_connection_is_older_than_what_an_endpoint_counts_on() -> None:
    for idle, used_at in itertools.product((5, 15, DEFAULT_IDLE_SECONDS), range(int(CONNECTION_SECONDS) + 1)):
        client = Client(Limits(idle_seconds=idle))
        for at in range(int(max_connection_age(idle))):
            if at % idle == 0 and at <= used_at and not client.transport.ended:
                client.sends(HEALTH)
            client.waits(1)
        assert client.transport.ended == "closed", (idle, used_at)


async def test_a_client_that_does_not_read_is_dropped_and_runs_nothing_meanwhile() -> None:
    client = Client()
    client.connection.pause_writing()
    client.sends(HEALTH)
    assert client.status is None, "nothing new is answered into a full buffer"
    client.waits(http.WRITE_SECONDS - 1)
    client.connection.resume_writing()
    assert client.status == 200
    client.connection.pause_writing()
    client.waits(http.WRITE_SECONDS + 1)
    assert client.transport.ended == "aborted"


async def test_a_waiting_client_is_never_too_slow() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    client.sends(b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}")
    client.waits(10 * DEFAULT_IDLE_SECONDS)
    assert (client.status, client.transport.ended) == (None, "")
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert client.status == 200


async def test_nor_one_whose_next_request_is_not_read_meanwhile() -> None:
    client = Client()
    client.server.dispatcher.ready(lambda *_: None, 0)
    sent = PREDICT * (http.MAX_PIPELINED + 2)
    client.sends(sent + PREDICT[:30])
    assert client.connection._parser.paused
    client.waits(10 * DEFAULT_IDLE_SECONDS)
    for id in range(1, http.MAX_PIPELINED + 3):
        client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, id, b"7", wire.NO_TIME), "")
        await turns(2)
    client.waits(5)
    client.sends(PREDICT[30:])
    client.server.dispatcher.answered(wire.Frame(wire.RESPONSE, http.MAX_PIPELINED + 3, b"8", wire.NO_TIME), "")
    assert bodies(client) == [b"7"] * (http.MAX_PIPELINED + 2) + [b"8"]


async def test_a_request_that_no_frame_holds_is_refused_and_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """{"x": [0, ...]} is small as JSON and large as tensors or rows; the limit of a body cannot know."""
    client = Client()
    sent: list[int] = []
    client.server.dispatcher.ready(lambda kind, id, payload: sent.append(kind), 0)
    monkeypatch.setattr(wire, "MAX_HEADED", 5)
    client.sends(b'POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 8\r\n\r\n{"x": 1}')
    assert (client.status, sent, client.server.dispatcher.in_flight) == (413, [], 0)
    client.connect()
    client.sends(PREDICT)
    assert sent == [wire.REQUEST]


async def test_a_drain_closes_idle_connections_and_lets_new_ones_ask() -> None:
    client = Client()
    assert not client.connection.close_if_idle()
    assert client.transport.ended == ""
    client.sends(HEALTH)
    assert client.connection.close_if_idle()
    assert client.transport.ended == "closed"
    silent = Client()
    silent.clock.now += http.EXPECTED_REQUEST_SECONDS
    assert silent.connection.close_if_idle()


async def test_a_mistake_of_the_server_is_answered_counted_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    client = Client()

    def broken(*_: object) -> None:
        raise RuntimeError("no such frame")

    client.server.dispatcher.ready(broken, 0)
    client.sends(PREDICT + HEALTH)
    assert (client.status, client.transport.ended, len(bodies(client))) == (500, "closed", 1)
    assert json.loads(bodies(client)[0])["error"]["code"] == "InternalError"
    assert client.server.counters.requests[(500, "InternalError")] == 1
    assert "RuntimeError: no such frame" in capsys.readouterr().err


async def test_a_connection_that_cannot_be_answered_is_not_kept() -> None:
    client = Client()

    def full(_: bytes) -> None:
        raise MemoryError

    client.transport.write = full  # type: ignore[assignment,method-assign]
    client.sends(HEALTH)
    assert client.transport.ended == "aborted"


@pytest.mark.parametrize("path", ["/predict", "/launch/predict"])
async def test_a_client_that_dies_while_it_sends_leaves_nothing_in_memory(path: str) -> None:
    client = Client()
    client.sends(f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\n\r\n".encode() + b" " * 1_000_000)
    gone = weakref.ref(client.connection)
    gc.disable()
    try:
        client.connection.connection_lost(None)
        del client.connection
        await asyncio.sleep(0)  # in the next turn it would have read on
        assert gone() is None
    finally:
        gc.enable()
