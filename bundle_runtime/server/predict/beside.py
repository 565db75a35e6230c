"""What happens in the process that reads one large body, which ends with it.

It was forked from the server, by way of forker.py, so it has the code and the compiled schemas as they are there, and
reads the body exactly as the server would: that comes over its socket. The memory that it takes is asked for there too;
what the worker gets goes into pages that both processes see.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import socket
import struct
import traceback
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, NoReturn, Protocol

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import Memory, TooMuch
from bundle_runtime.server.predict import job
from bundle_runtime.server.predict.codec import Codec
from bundle_runtime.server.predict.forker import PAYLOAD_BYTES
from bundle_runtime.server.refusal import Refused

NICE = 10  # what serves comes first
_LENGTH = struct.Struct(">I")
_RECEIVE_BYTES = 1024 * 1024

# what the process says: BEGUN, upon which it gets a job and the body; NEEDS and the arguments of Memory.needs(), which
# is answered with None or code and message of a refusal; then one of the others, the last it says
BEGUN = "begun"
NEEDS = "needs"
READ = "read"  # kind of the frame, length of its payload, what the codec remembers
REFUSED = "refused"  # code, message, details
FAILED = "failed"  # traceback


class Reads(Protocol):
    """Who reads a body, in either process."""

    def read(self, exchange: Exchange, codec: Codec) -> tuple[int, bytes]:
        """Kind and payload of the worker's frame. Refused where the request is."""

    def learn(self, worker: Any) -> None:
        """What the other process knows of the worker."""


def run(memory: Memory, reader: Reads, sock: socket.socket, file: int) -> NoReturn:
    """The whole life of the process."""
    try:
        os.nice(NICE)
        payload = mmap.mmap(file, PAYLOAD_BYTES)
        os.close(file)
        memory.ask = partial(_ask, sock)
        sock.sendall(packed((BEGUN,)))
        stays = {"memory": memory, "reader": reader}
        sock.sendall(packed(_result(payload, memory, reader, *_received(sock, stays))))
    except BaseException:
        with contextlib.suppress(Exception):
            sock.sendall(packed((FAILED, traceback.format_exc())))
    finally:
        os._exit(0)


def framed(content: bytes) -> bytes:
    """With its length before it."""
    return _LENGTH.pack(len(content)) + content


def packed(message: object) -> bytes:
    """A message, in either direction."""
    return framed(pickle.dumps(message))


def unpacked(received: bytearray) -> Iterator[Any]:
    """The messages that have arrived as a whole; they are taken out of it."""
    while len(received) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
        if len(received) < end:
            return
        content = bytes(received[_LENGTH.size : end])
        del received[:end]
        yield pickle.loads(content)


def _received(sock: socket.socket, stays: Mapping[str, object]) -> tuple[job.Job, bytes]:
    """What is to be done, and the body."""
    length = _LENGTH.unpack(_exactly(sock, _LENGTH.size))[0]
    told = job.unpacked(_exactly(sock, length), stays)
    return told, _exactly(sock, told.size)


def _exactly(sock: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        parts.append(sock.recv(min(size, _RECEIVE_BYTES)))
        if not parts[-1]:
            os._exit(0)  # there is no server to read for
        size -= len(parts[-1])
    return b"".join(parts)


def _result(payload: mmap.mmap, memory: Memory, reader: Reads, told: job.Job, body: bytes) -> tuple[Any, ...]:
    memory.hold(reader, told.held - memory.held)  # that is all there is
    reader.learn(told.worker)
    codec = told.codec
    try:
        kind, content = reader.read(told.exchange(body), codec)
    except Refused as refusal:
        return REFUSED, refusal.code, str(refusal), refusal.details
    if len(content) <= len(payload):
        payload[: len(content)] = content
    return READ, kind, len(content), {name: getattr(codec, name) for name in codec.remembers}


def _ask(sock: socket.socket, *needs: Any) -> None:
    """In place of Memory.needs(): the process that serves knows what there is."""
    sock.sendall(packed((NEEDS, *needs)))
    received = bytearray()
    while True:
        for refused in unpacked(received):
            if refused is not None:
                raise TooMuch(*refused)
            return
        data = sock.recv(65536)
        if not data:
            os._exit(0)  # there is no server to read for
        received += data
