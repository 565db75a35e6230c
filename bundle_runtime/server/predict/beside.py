"""What happens in the process that reads one large body: a copy of the one that serves (fork), which ends with it.

It has the body, the codec and the compiled schemas as they were, so it reads the body exactly as the server would. The
memory that it takes is asked for over its socket; what the worker gets goes into pages that both processes see.
"""

from __future__ import annotations

import contextlib
import gc
import mmap
import os
import pickle
import resource
import signal
import socket
import struct
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NoReturn

from bundle_runtime.contract import child_process, wire
from bundle_runtime.server.memory import Memory, TooMuch
from bundle_runtime.server.refusal import Refused

PAYLOAD_BYTES = wire.MAX_BODY
NICE = 10  # what serves comes first
_LENGTH = struct.Struct(">I")
_ENDED_BY = (signal.SIGTERM, signal.SIGINT)

# what the process says: NEEDS and the arguments of Memory.needs(), which is answered with None or code and message of a
# refusal; then one of the others, the last it says
NEEDS = "needs"
READ = "read"  # kind of the frame, length of its payload, what the codec remembers
REFUSED = "refused"  # code, message, details
FAILED = "failed"  # traceback

Read = Callable[[], tuple[int, bytes]]  # kind and payload of the worker's frame


def start(memory: Memory, read: Read, remembered: Callable[[], dict[str, Any]]) -> tuple[int, socket.socket, mmap.mmap]:
    """Begins a process that calls ``read`` and then ``remembered``: its pid, its socket, and where the payload will be.
    OSError when there is none to be had."""
    payload = mmap.mmap(-1, PAYLOAD_BYTES)  # pages that are not written to take no memory
    ours, theirs = socket.socketpair()
    try:
        pid = child_process.fork(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
        if pid == 0:
            _run(theirs, payload, memory, read, remembered)
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    ours.setblocking(False)
    return pid, ours, payload


def packed(message: object) -> bytes:
    """A message, in either direction."""
    content = pickle.dumps(message)
    return _LENGTH.pack(len(content)) + content


def unpacked(received: bytearray) -> Iterator[Any]:
    """The messages that have arrived as a whole; they are taken out of it."""
    while len(received) >= _LENGTH.size:
        end = _LENGTH.size + _LENGTH.unpack_from(received)[0]
        if len(received) < end:
            return
        content = bytes(received[_LENGTH.size : end])
        del received[:end]
        yield pickle.loads(content)


def _run(
    sock: socket.socket, payload: mmap.mmap, memory: Memory, read: Read, remembered: Callable[[], dict[str, Any]]
) -> NoReturn:
    """The whole life of the process: nothing of the server's goes on in it."""
    try:
        _forget_the_server(sock.fileno())
        memory.ask = partial(_ask, sock)
        sock.sendall(packed(_result(payload, read, remembered)))
    except BaseException:
        with contextlib.suppress(Exception):
            sock.sendall(packed((FAILED, traceback.format_exc())))
    finally:
        os._exit(0)


def _forget_the_server(kept: int) -> None:
    """Its connections end when it ends them, and a signal is this process's own end."""
    signal.set_wakeup_fd(-1)
    for number in _ENDED_BY:
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, kept)
    os.closerange(kept + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    os.nice(NICE)
    gc.disable()


def _result(payload: mmap.mmap, read: Read, remembered: Callable[[], dict[str, Any]]) -> tuple[Any, ...]:
    try:
        kind, content = read()
    except Refused as refusal:
        return REFUSED, refusal.code, str(refusal), refusal.details
    if len(content) <= len(payload):
        payload[: len(content)] = content
    return READ, kind, len(content), remembered()


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
