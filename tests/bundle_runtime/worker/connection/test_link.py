"""What the worker's end of the socket knows of the requests that it has handed on."""

from __future__ import annotations

import socket

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import Link


def test_a_request_that_left_the_queue_and_was_not_taken_is_queued_again_and_none_is_given_twice() -> None:
    link = Link("nowhere", {})
    connection = Connection(socket.socket())
    for frame in wire.Decoder().feed(b"".join(wire.pack(wire.REQUEST, id, b"%d" % id) for id in (1, 2, 3))):
        link._handle(connection, frame)
    assert link.take(*link.requests.get()) == b"1"
    link.requests.get()  # and was not taken
    link.queue_again()
    given = [link.take(*link.requests.get()) for _ in range(link.requests.qsize())]
    assert given == [b"3", b"2", None]
