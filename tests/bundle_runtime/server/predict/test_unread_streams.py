"""A stream that nobody reads has its place for as long as nobody else waits for it."""

from __future__ import annotations

from bundle_runtime.contract import wire
from bundle_runtime.server.predict.predictions import UNREAD_SECONDS
from tests.bundle_runtime.server.client import PREDICT, Client, Transport


class Streaming(Client):
    """A client whose stream has begun at the worker's only place."""

    def __init__(self) -> None:
        super().__init__()
        self.kinds: list[int] = []
        self.server.dispatcher.ready(lambda kind, *_: self.kinds.append(kind), 0)
        self.sends(PREDICT)
        self.reads = self.connection
        self.stream = self.transport
        self.item()

    def item(self) -> None:
        self.server.dispatcher.streamed(wire.Frame(wire.ITEM, 1, b"1", wire.NO_TIME))

    def another(self) -> Transport:
        self.connect()
        self.sends(PREDICT)
        return self.transport

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.waits(1)


async def test_it_ends_once_others_have_waited_for_a_while() -> None:
    client = Streaming()
    client.reads.pause_writing()
    client.seconds(2 * UNREAD_SECONDS)
    assert client.stream.ended == "", "nobody waits"
    client.another()
    client.seconds(UNREAD_SECONDS)
    assert client.stream.ended == ""
    client.seconds(1)
    assert client.stream.ended == "aborted"
    client.reads.connection_lost(None)
    assert client.kinds[-1] == wire.CANCEL
    assert client.server.counters.requests[(499, "ClientGone")] == 1


async def test_one_that_is_read_now_and_then_goes_on() -> None:
    client = Streaming()
    client.another()
    for _ in range(3):
        client.reads.pause_writing()
        client.seconds(UNREAD_SECONDS)
        client.reads.resume_writing()
        client.item()
    assert client.stream.ended == ""
