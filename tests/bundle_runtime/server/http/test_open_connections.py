"""More connections than there may be: which one ends for another, and who is kept out."""

from __future__ import annotations

import asyncio

from bundle_runtime.contract import wire
from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.http.open_connections import CHECKED_AT_ONCE, LOOK_AGAIN_SECONDS, UNUSED_SECONDS
from bundle_runtime.server.limits import CONNECTION_BYTES, CONNECTIONS_MIN, FILES_RESERVED, Limits
from tests.bundle_runtime.server.client import HEALTH, PREDICT, Client, Transport

MOST = CONNECTIONS_MIN
FEW = Limits(files=0)


class Crowd(Client):
    """Many connections to one server, of which each later one came a second after the one before."""

    def __init__(self) -> None:
        super().__init__(FEW)
        self.transports = [self.transport]
        self.all = [self.connection]

    def comes(self, sends: bytes = b"") -> Transport:
        self.clock.now += 1
        self.connect()
        self.all.append(self.connection)
        self.transports.append(self.transport)
        if sends:
            self.sends(sends)
        return self.transport

    @property
    def ended(self) -> list[int]:
        return [number for number, each in enumerate(self.transports) if each.ended]


def made_of(limits: Limits) -> int:
    return limits.connections


def test_the_most_is_what_memory_and_files_allow() -> None:
    assert made_of(Limits(memory_bytes=1024 * CONNECTION_BYTES, files=100_000)) == 1024
    assert made_of(Limits(memory_bytes=1024 * CONNECTION_BYTES, files=500)) == 500 - FILES_RESERVED
    assert made_of(FEW) == CONNECTIONS_MIN


async def test_the_longest_idle_one_ends_for_another() -> None:
    crowd = Crowd()
    for _ in range(MOST - 1):
        crowd.comes()
    assert crowd.ended == []
    crowd.connection = crowd.all[0]
    crowd.sends(HEALTH)  # the first was idle for longest, and is no more
    newest = crowd.comes(HEALTH)
    assert crowd.ended == [1]
    assert newest.sent.startswith(b"HTTP/1.1 200")
    assert (len(crowd.server.connections), crowd.server.connections.ended) == (MOST, 1)


async def test_one_that_waits_for_its_answer_is_never_ended_and_those_that_hold_up_are() -> None:
    crowd = Crowd()
    crowd.server.dispatcher.ready(lambda *_: None, 0)
    crowd.sends(PREDICT)
    for _ in range(MOST - 1):
        crowd.comes(b"POST /predict HTTP/1.1\r\n")
    assert crowd.ended == []
    assert crowd.comes(HEALTH).sent.startswith(b"HTTP/1.1 200")
    assert crowd.ended == [1]
    crowd.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    assert crowd.transports[0].sent.endswith(b"7")


async def test_one_that_was_used_a_moment_ago_ends_after_those_that_hold_up() -> None:
    crowd = Crowd()
    for _ in range(MOST - 2):
        crowd.comes(b"POST /predict HTTP/1.1\r\n")
    used = crowd.comes(HEALTH)
    crowd.clock.now -= 1
    assert crowd.comes(HEALTH).sent.startswith(b"HTTP/1.1 200")
    assert (crowd.ended, used.ended) == ([0], ""), "the one that was never used"
    crowd.clock.now -= 1
    crowd.comes(HEALTH)
    assert (crowd.ended, used.ended) == ([0, 1], ""), "the one that has held up its request for longest"


async def test_where_all_are_at_work_another_is_told_to_come_again() -> None:
    crowd = Crowd()
    crowd.server.dispatcher.ready(lambda *_: None, 0)
    crowd.server.dispatcher.full = lambda: False  # the queue is another matter
    crowd.sends(PREDICT)
    for _ in range(MOST - 1):
        crowd.comes(PREDICT)
    assert crowd.ended == []
    late = crowd.comes(HEALTH)
    head, _, body = late.sent.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 1" in head
    assert b"TooManyConnections" in body
    assert late.sent.count(b"HTTP/1.1") == 1, "nothing that it sends is answered"
    assert crowd.ended == [MOST]
    assert crowd.server.counters.requests[(503, "TooManyConnections")] == 1
    HttpConnection.connection_lost(crowd.connection, None)
    assert len(crowd.server.connections) == MOST
    crowd.server.dispatcher.answered(wire.Frame(wire.RESPONSE, 1, b"7", wire.NO_TIME), "")
    crowd.clock.now += LOOK_AGAIN_SECONDS + UNUSED_SECONDS
    assert crowd.comes(HEALTH).sent.startswith(b"HTTP/1.1 200"), "one is idle now"


async def test_thousands_are_looked_at_in_parts_between_which_others_have_their_turn() -> None:
    client = Client()
    transports = [client.transport]
    for _ in range(3 * CHECKED_AT_ONCE - 1):
        client.connect()
        transports.append(client.transport)
    client.waits(client.server.limits.idle_seconds + 1)
    ended = []
    for _ in range(3):
        ended.append(sum(bool(each.ended) for each in transports))
        await asyncio.sleep(0)
    assert ended == [CHECKED_AT_ONCE, 2 * CHECKED_AT_ONCE, 3 * CHECKED_AT_ONCE]
