"""A scrape asks the worker where user code has metrics, and is answered without them when it does not answer."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from bundle_runtime.contract import wire
from bundle_runtime.server.worker.connection import WorkerConnection
from bundle_runtime.server.worker.user_metrics import WAIT_SECONDS, UserMetrics
from tests.bundle_runtime.server.client import Client, Transport, bodies

SCRAPE = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"


class Worker:
    """A connection to the server of a client."""

    def __init__(self, client: Client, has: int = wire.HAS_PROMETHEUS) -> None:
        self.socket = Transport()
        self.connection = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
        self.connection.connection_made(cast(asyncio.Transport, self.socket))
        hello: dict[str, Any] = {"digest": "sha256:0", "pid": 1, "python": "3.8.1", "nonce": self.connection.nonce}
        self.says(wire.pack_json(wire.HELLO, **hello))
        self.says(wire.pack_json(wire.READY) + wire.pack(wire.HEARTBEAT, has))

    def says(self, data: bytes) -> None:
        self.connection.data_received(data)

    async def asked(self) -> int:
        """How often it was asked for its metrics."""
        await asyncio.sleep(0)
        return [frame.kind for frame in wire.Decoder().feed(self.socket.sent)].count(wire.SCRAPE)


async def test_the_workers_text_comes_behind_the_servers() -> None:
    client = Client()
    worker = Worker(client)
    client.sends(SCRAPE)
    assert (await worker.asked(), client.status) == (1, None)
    worker.says(wire.pack(wire.METRICS, 0, b"tokens_total 3.0\nmodelbundle_worker_up 42.0\nodd\n"))
    (text,) = bodies(client)
    assert text.endswith(b"\ntokens_total 3.0\n")
    assert b"\nmodelbundle_worker_up 1.0\n" in text


async def test_a_worker_without_prometheus_client_is_not_asked() -> None:
    client = Client()
    worker = Worker(client, wire.HAS_OPENTELEMETRY)
    client.sends(SCRAPE)
    assert (await worker.asked(), client.status) == (0, 200)
    worker.says(wire.pack(wire.HEARTBEAT, wire.HAS_PROMETHEUS | wire.HAS_OPENTELEMETRY))
    client.connect()
    client.sends(SCRAPE)
    assert (await worker.asked(), client.status) == (1, None)


async def test_scrapes_that_come_together_are_one_question() -> None:
    client = Client()
    worker = Worker(client)
    clients = []
    for _ in range(3):
        client.connect()
        client.sends(SCRAPE)
        clients.append(client.transport)
    assert await worker.asked() == 1
    worker.says(wire.pack(wire.METRICS, 0, b"tokens_total 3.0\n"))
    assert all(each.sent.endswith(b"\ntokens_total 3.0\n") for each in clients)


async def test_a_worker_that_goes_is_not_waited_for() -> None:
    client = Client()
    worker = Worker(client)
    client.sends(SCRAPE)
    worker.connection.connection_lost(None)
    assert client.status == 200
    assert b"\nmodelbundle_user_metrics_missed_total 1.0\n" in client.transport.sent
    client.connect()
    client.sends(SCRAPE)
    assert client.status == 200, "and who comes next is not asked before it says that it has some"


async def test_a_worker_that_does_not_answer_is_not_waited_for_either() -> None:
    sent: list[int] = []

    class Silent:
        def send(self, kind: int, id: int, payload: bytes) -> None:
            sent.append(kind)

    class Timers:
        """Of the loop: what waits, until the test lets the time pass."""

        def __init__(self) -> None:
            self.waiting: list[object] = []

        def call_later(self, seconds: float, function: object) -> Timers:
            assert seconds == WAIT_SECONDS
            self.waiting.append(function)
            return self

        def cancel(self) -> None:
            self.waiting.clear()

    timers, found = Timers(), []
    metrics = UserMetrics(cast(asyncio.AbstractEventLoop, timers))
    metrics.worker = Silent()
    metrics.ask(found.append)
    (too_late,) = timers.waiting
    too_late()  # type: ignore[operator]
    assert (found, metrics.missed) == ([b""], 1)
    metrics.answered(b"of the first question")
    assert found == [b""], "nothing is kept of an answer that nobody waits for"
    metrics.ask(found.append)
    metrics.answered(b"of the second")
    assert (found, sent, metrics.missed) == ([b"", b"of the second"], [wire.SCRAPE] * 2, 1)


async def test_metrics_come_after_the_greeting_or_end_the_connection() -> None:
    client = Client()
    socket = Transport()
    connection = WorkerConnection(client.server.link, cast(asyncio.AbstractEventLoop, client.clock))
    connection.connection_made(cast(asyncio.Transport, socket))
    connection.data_received(wire.pack(wire.METRICS, 0, b"tokens_total 3.0\n"))
    assert socket.ended == "closed"


async def test_a_text_that_is_too_long_ends_the_connection() -> None:
    client = Client()
    worker = Worker(client)
    worker.says(wire.HEADER.pack(wire.MAX_METRICS + 1, wire.METRICS, wire.VERSION, 0, 0, 0, 0, 0))
    assert worker.socket.ended == "closed"
