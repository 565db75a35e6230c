"""What observers are told of each request, on a connection without a socket."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.observe.connection import ObservedConnection
from bundle_runtime.server.observe.observer import ObservedServer
from tests.bundle_runtime.server.client import HEALTH, PREDICT, Client, Transport

HEAD = b"HEAD /metrics HTTP/1.1\r\nhost: x\r\n\r\n"
EVENTS = b"POST /predict HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\ncontent-length: 2\r\n\r\n{}"


class Notes:
    """What an observer hears."""

    def __init__(self) -> None:
        self.begun_: list[bytes] = []
        self.ended_: list[tuple[bytes, int, int]] = []

    def begun(self, exchange: Exchange) -> None:
        self.begun_.append(exchange.target)

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        assert exchange.request_id, "by then it has one"
        self.ended_.append((exchange.target, status, size))

    def close(self) -> None:
        pass


class Observed(Client):
    """A client whose requests are observed, and a worker."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[int, int]] = []
        self.server.dispatcher.ready(lambda kind, id, payload: self.sent.append((kind, id)), 0)

    def connect(self) -> None:
        self.notes = Notes()
        loop = cast(asyncio.AbstractEventLoop, self.clock)
        self.connection = ObservedConnection(ObservedServer(self.server, [self.notes]), loop)
        self.transport = Transport()
        self.connection.connection_made(cast(asyncio.Transport, self.transport))

    def answers(self, kind: int, payload: bytes = b"") -> None:
        frame = wire.Frame(kind, self.sent[-1][1], payload, wire.NO_TIME)
        if kind in (wire.ITEM, wire.END):
            self.server.dispatcher.streamed(frame)
        else:
            self.server.dispatcher.answered(frame, "" if kind == wire.RESPONSE else "PredictFailed")


async def test_a_prediction() -> None:
    client = Observed()
    client.sends(PREDICT)
    assert (client.notes.begun_, client.notes.ended_) == ([b"/predict"], [])
    client.answers(wire.RESPONSE, b"12345")
    assert client.notes.ended_ == [(b"/predict", 200, 5)]


async def test_an_error_has_its_own_status() -> None:
    client = Observed()
    client.sends(PREDICT)
    client.answers(wire.ERROR, b"no")
    ((_, status, size),) = client.notes.ended_
    assert (status, size > 0) == (500, True)


async def test_a_stream_ends_with_its_last_part() -> None:
    client = Observed()
    client.sends(EVENTS)
    client.answers(wire.ITEM, b"1")
    assert client.notes.ended_ == []
    client.answers(wire.END)
    assert client.notes.ended_ == [(b"/predict", 200, len(b"data: 1\n\n"))]


@pytest.mark.parametrize(("request_", "size"), [(PREDICT, 0), (EVENTS, len(b"data: 1\n\n"))])
async def test_a_client_that_leaves(request_: bytes, size: int) -> None:
    client = Observed()
    client.sends(request_)
    if size:
        client.answers(wire.ITEM, b"1")
    client.connection.connection_lost(None)
    assert client.notes.ended_ == [(b"/predict", 499, size)]
    client.answers(wire.RESPONSE, b"12345")
    assert len(client.notes.ended_) == 1


async def test_the_answer_to_head_has_no_body() -> None:
    client = Observed()
    client.sends(HEAD)
    assert client.notes.ended_ == [(b"/metrics", 200, 0)]


async def test_each_of_a_pipeline_is_told_in_its_turn() -> None:
    client = Observed()
    client.sends(PREDICT + HEALTH)
    assert client.notes.begun_ == [b"/predict"]
    client.answers(wire.RESPONSE, b"7")
    await asyncio.sleep(0)
    assert [target for target, _, _ in client.notes.ended_] == [b"/predict", b"/healthz"]


async def test_a_request_that_is_no_http_is_told_too() -> None:
    client = Observed()
    client.sends(b"nonsense\r\n\r\n")
    assert [status for _, status, _ in client.notes.ended_] == [400]


async def test_a_mistake_of_an_observer_costs_no_request_anything(capsys: pytest.CaptureFixture[str]) -> None:
    client = Observed()

    def mistaken(*_: object) -> None:
        raise ValueError("of an observer")

    client.notes.begun = client.notes.ended = mistaken  # type: ignore[assignment,method-assign]
    client.sends(HEALTH)
    assert client.status == 200
    assert capsys.readouterr().err.count("ValueError: of an observer") == 2
