"""Who does not read loses its place to those who came later, and a refusal is counted by what it was for."""

from __future__ import annotations

import pytest

from bundle_runtime.server.memory import REFUSALS, Memory, TooMuch
from bundle_runtime.server.shares import Share
from tests.bundle_runtime.server.client import Client

MIB = 1024 * 1024


class Reader:
    ended = False

    def abort(self) -> None:
        self.ended = True


def test_the_oldest_ends_and_never_the_only_one() -> None:
    share, readers = Share(100), [Reader() for _ in range(4)]
    share.hold(readers[0], 1000)
    assert not readers[0].ended
    share.hold(readers[1], 60)
    assert [reader.ended for reader in readers] == [True, False, False, False]
    share.hold(readers[2], 30)
    share.hold(readers[1], 61)  # it grows, and keeps its age
    share.hold(readers[3], 20)
    assert [reader.ended for reader in readers] == [True, True, False, False]
    assert (share.total, share.ended) == (50, 2)
    for reader in readers * 2:
        share.release(reader)
    assert share.total == 0


async def test_clients_that_do_not_read_are_disconnected_for_the_next_one() -> None:
    client = Client()
    share = client.server.memory.unread
    transports = []
    for _ in range(3):
        client.connect()
        client.connection.pause_writing()
        share.hold(client.connection, share.most // 2 - 1)
        transports.append(client.transport)
    assert [transport.ended for transport in transports] == ["aborted", "", ""]
    client.connection.connection_lost(None)
    assert share.total == share.most // 2 - 1


def test_each_refusal_is_counted_by_what_and_why() -> None:
    memory = Memory(1024 * MIB)
    assert tuple(memory.refusals) == REFUSALS
    for what, code, why in (
        ("the body", "BodyTooLarge", ("request", "memory")),
        ("the decompressed body", "BodyTooLarge", ("decompressed", "memory")),
        ("the prediction", "ResponseTooLarge", ("response", "memory")),
    ):
        with pytest.raises(TooMuch, match=r"serving\.serverResources\.memory"):
            memory.needs(1024 * MIB, what, code=code)
        assert memory.refusals[why] == 1
    memory.hold("other", memory.most)
    with pytest.raises(TooMuch, match="later"):
        memory.needs(1, "the prediction", code="ResponseTooLarge")
    assert memory.refusals[("response", "now")] == 1
    assert memory.refusals.total() == 4
