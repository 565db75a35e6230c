"""What the worker's end of the socket knows of the requests that it has handed on."""

from __future__ import annotations

import socket

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import Link


def test_a_request_that_left_the_queue_and_was_not_taken_is_lost() -> None:
    link = Link("nowhere", {})
    connection = Connection(socket.socket())
    frames = wire.Decoder().feed(wire.pack(wire.REQUEST, 1, b"1") + wire.pack(wire.REQUEST, 2, b"2"))
    for frame in frames:
        link._handle(connection, frame)
    assert not link.lost_one()
    assert link.take(*link.requests.get()) == b"1"
    assert not link.lost_one(), "the one that is answered, and the one that waits"
    link.requests.get()
    assert link.lost_one()
