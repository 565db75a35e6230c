"""More connections than there may be: which one ends for another, and who is kept out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.http.open_connections import (
    CHECKED_AT_ONCE,
    FOUND_SECONDS,
    LET_GO_AT_ONCE,
    LOOK_AGAIN_SECONDS,
    ROOM_DIVISOR,
    UNUSED_SECONDS,
    OpenConnections,
)
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


async def by_turn(turns: int, count: Callable[[], int]) -> list[int]:
    """What is counted now, and after each turn of the loop."""
    found = []
    for _ in range(turns):
        found.append(count())
        await asyncio.sleep(0)
    return found


async def test_thousands_are_looked_at_in_parts_between_which_others_have_their_turn() -> None:
    client = Client()
    transports = [client.transport]
    for _ in range(3 * CHECKED_AT_ONCE - 1):
        client.connect()
        transports.append(client.transport)
    client.waits(client.server.limits.idle_seconds + 1)
    ended = await by_turn(3, lambda: sum(bool(each.ended) for each in transports))
    assert ended == [
        CHECKED_AT_ONCE,
        2 * CHECKED_AT_ONCE,
        3 * CHECKED_AT_ONCE,
    ]


async def test_to_look_at_all_of_them_makes_room_for_a_second(request: pytest.FixtureRequest) -> None:
    looked = 0

    class Each:
        keepalive_announced = False
        used = 0.0
        ended = False

        def idle_since(self) -> float | None:
            nonlocal looked
            looked += 1
            return self.used

        def held_up_since(self) -> float | None:
            return None

        def abort(self) -> None:
            self.ended = True

        def check(self, now: float) -> None: ...

        def let_go(self) -> None: ...

        def expects_request(self) -> bool:
            return False

        def close_if_idle(self) -> bool:
            return False

    class Loop(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return now

    now = 10.0
    most = 2 * ROOM_DIVISOR
    loop = Loop()
    request.addfinalizer(loop.close)
    connections = OpenConnections(most, loop)
    old = [Each() for _ in range(most)]
    for each in old:
        connections.add(each)
    old[2].used = 9.0
    for _ in range(3):
        assert connections.add(Each())
    assert looked == most + 4, "all of them once, and each that is to end"
    assert [each.ended for each in old[:6]] == [True, True, False, True, True, False], "not the one that was used since"
    assert sum(each.ended for each in old) == 4
    now += FOUND_SECONDS
    connections.check(now)
    looked = 0
    for _ in range(2):
        assert connections.add(Each())
    assert looked >= most - 4, "what is idle is looked for again"


async def test_thousands_that_are_lost_at_once_are_let_go_in_parts() -> None:
    client = Client()
    lost = [client.connection]
    for _ in range(3 * LET_GO_AT_ONCE - 1):
        client.connect()
        lost.append(client.connection)
    for each in lost:
        each.data_received(b"POST /predict HTTP/1.1\r\n")
        each.connection_lost(None)
    assert len(client.server.connections) == 0
    kept = await by_turn(4, lambda: sum(each._parser.arriving is not None for each in lost))
    assert kept == [2 * LET_GO_AT_ONCE, LET_GO_AT_ONCE, 0, 0]
    client.connect()
    client.connection.data_received(b"POST /predict HTTP/1.1\r\n")
    client.connection.connection_lost(None)
    assert client.connection._parser.arriving is None, "one alone is let go at once"
