"""Which items share a frame, over a real socket; tests/serving/test_bursts.py has the rest."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.outbox import FLUSH_INTERVAL_NS, MAX_JOINED_BYTES, MAX_SENDS_IN_A_ROW, Outbox
from bundle_runtime.worker.timing import Stopwatch

ID = 7
END = wire.pack(wire.END, ID)


@pytest.fixture
def sockets() -> Iterator[tuple[Outbox, socket.socket]]:
    ours, theirs = socket.socketpair()
    watch = Stopwatch()
    watch.start()
    watch.enter()
    watch.leave()
    with ours, theirs:
        yield Outbox(Connection(ours), ID, watch), theirs


def received(sock: socket.socket) -> list[tuple[int, bytes]]:
    """Kind and payload of all frames up to the end of the stream."""
    decoder = wire.Decoder()
    got: list[tuple[int, bytes]] = []
    while not got or got[-1][0] != wire.END:
        got += [(frame.kind, frame.payload) for frame in decoder.feed(sock.recv(65536))]
    return got


def test_a_frame_holds_no_more_than_its_limit_or_one_item(sockets: tuple[Outbox, socket.socket]) -> None:
    outbox, sock = sockets
    items = [
        b"x" * size
        for size in [
            *[1] * MAX_SENDS_IN_A_ROW,
            5,
            MAX_JOINED_BYTES - 5,
            7,
            MAX_JOINED_BYTES,
            9,
            MAX_JOINED_BYTES + 1,
            10,
            MAX_JOINED_BYTES // 2,
            MAX_JOINED_BYTES // 2,
            2,
        ]
    ]
    for item in items:
        outbox.put(item)
    outbox.end(END, drop=False)
    frames = [payload.split(b"\n") for kind, payload in received(sock) if kind == wire.ITEM]
    assert [item for frame in frames for item in frame] == items
    assert all(len(frame) == 1 or sum(map(len, frame)) <= MAX_JOINED_BYTES for frame in frames)


def test_after_the_end_nothing_is_sent(sockets: tuple[Outbox, socket.socket]) -> None:
    outbox, sock = sockets
    for number in range(100):
        outbox.put(b"%d" % number)
    outbox.end(END, drop=True)
    items = [int(item) for kind, payload in received(sock) if kind == wire.ITEM for item in payload.split(b"\n")]
    assert MAX_SENDS_IN_A_ROW <= len(items) < 100
    assert items == list(range(len(items)))
    time.sleep(20e-9 * FLUSH_INTERVAL_NS)
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(1)


def test_what_a_function_leaves_behind_is_sent_without_it(sockets: tuple[Outbox, socket.socket]) -> None:
    outbox, sock = sockets
    decoder = wire.Decoder()
    for number in range(MAX_SENDS_IN_A_ROW + 3):
        outbox.put(b"%d" % number)
    sock.settimeout(60)
    got: list[bytes] = []
    while len(got) < MAX_SENDS_IN_A_ROW + 3:
        got += [item for frame in decoder.feed(sock.recv(65536)) for item in frame.payload.split(b"\n")]
    assert got == [b"%d" % number for number in range(MAX_SENDS_IN_A_ROW + 3)]
