"""What a server may say to the worker's link.

Whatever the frames are: the thread that reads them goes on or ends the connection with a reason, the worker survives
every request that it is given, each gets at most one answer, and what the worker sends is well formed.
"""

from __future__ import annotations

import contextlib
import io
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any
from unittest import mock

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection import link
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.connection.stall import Threads
from bundle_runtime.worker.loop import serve
from bundle_runtime.worker.predict.choose import predictor_for
from bundle_runtime.worker.predict.predictor import Predictor
from tests.fuzz.frames import as_a_server_has_it, stream
from tests.fuzz.one_process import WORKER
from tests.fuzz.requests import Batched, mirror

KINDS = (
    wire.REQUEST, wire.CALL, wire.BATCH, wire.CANCEL, wire.CREDIT, wire.CLOSE, wire.HEARTBEAT, wire.SCRAPE,
    wire.GREETING,
)  # fmt: skip
ANSWERS = (wire.RESPONSE, wire.ERROR, wire.PIECES, wire.END)
PREDICTORS = (predictor_for(mirror, frozenset()), predictor_for(Batched(), frozenset()))


class Exit(BaseException):
    """The process would end here."""


def check(data: bytes) -> None:
    if not data:
        return
    frames = stream(data[1:], KINDS, as_a_server_has_it)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), _exits() as ended:
        sent = _talk(frames, PREDICTORS[data[0] % len(PREDICTORS)], ended)
    answers = [frame for frame in sent if frame.kind in ANSWERS]
    assert len(answers) <= _asked(frames), f"{answers} to {frames!r}"
    for frame in answers:
        if frame.kind == wire.ERROR:
            assert wire.unpack_json(frame)["code"]


def _talk(frames: bytes, predictor: Predictor, ended: list[int]) -> list[wire.Frame]:
    """What the worker sends when a server sends these frames and leaves."""
    ours, theirs = socket.socketpair()
    output = io.BytesIO()
    own = Link("", WORKER)
    with ours, theirs:
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(wire.pack(wire.GREETING, 0, bytes(wire.NONCE_SIZE)) + frames)
        theirs.shutdown(socket.SHUT_WR)
        connection = Connection(ours)
        with contextlib.suppress(ConnectionError, Exit):
            own._exchange_frames(connection)
        connection.sock = _Into(output)  # type: ignore[assignment]
        own._connection = None  # as it is after a connection that was lost
        _wait_for_metrics()
        own.requests.put(None)
        serve(own, predictor, Threads(own.stall, 1, serve.__code__))
        own.stall.stop()  # its alarm would end this process, which is no worker, minutes later
        ours.shutdown(socket.SHUT_WR)
        first = theirs.makefile("rb").read()
    assert not ended or ended[0] in (0, 1)
    return wire.Decoder().feed(first + output.getvalue())


def _wait_for_metrics() -> None:
    for thread in threading.enumerate():
        if thread.name == "modelbundle-metrics":
            thread.join()


class _Into:
    def __init__(self, output: io.BytesIO) -> None:
        self._output = output

    def sendall(self, data: bytes) -> None:
        self._output.write(data)


@contextlib.contextmanager
def _exits() -> Iterator[list[int]]:
    """A close ends the process: here it ends the run."""
    codes: list[int] = []

    def end(code: int) -> Any:
        codes.append(code)
        raise Exit

    with mock.patch.object(os, "_exit", end), mock.patch.object(link, "_sleep"):
        yield codes


def _asked(frames: bytes) -> int:
    """Answers that these may have: of a batch as many as it could hold."""
    count = 0
    decoder = wire.Decoder()
    found: list[wire.Frame] = []
    at = 0
    with contextlib.suppress(wire.WireError):  # what comes before a broken frame in one read goes down with it
        while at < len(frames):
            found += decoder.feed(frames[at : at + 1])
            at += 1
    for frame in found:
        if frame.kind in (wire.REQUEST, wire.CALL):
            count += 1
        elif frame.kind == wire.BATCH:
            count += len(frame.payload) // 8 + 1
    return count
