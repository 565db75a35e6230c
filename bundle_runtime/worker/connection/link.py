"""The worker's end of the socket: a thread that connects, connects again, reads frames and shows a sign of life.

It is a thread of its own so that user code, on the main thread, never has to give way for the connection to live.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import queue
import signal
import socket
import struct
import sys
import threading
import time
from functools import partial
from typing import Any, Callable

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.flow import Flow
from bundle_runtime.worker.connection.own_metrics import OwnMetrics
from bundle_runtime.worker.connection.stall import StallDetector
from bundle_runtime.worker.parent import END_SIGNAL
from bundle_runtime.worker.user_errors import full, log

HEARTBEAT_SECONDS = 1.0
RECEIVE_BYTES = 256 * 1024
RECONNECT_MIN_SECONDS = 0.05
RECONNECT_MAX_SECONDS = 0.25  # a server that was killed is back in half a second
EXIT_WAIT_SECONDS = 2.0
_STANDARD_FILES_MAX = 2  # 0, 1, 2
_CLOSED_BY_USER_CODE = (errno.EBADF, errno.ENOTSOCK)
# as they are before user code runs: libraries put a proxy's socket, a clock that stands still or a sleep of their own
# event loop in their place, some wherever they find the function itself, hence partial()
_Socket = socket.socket
_monotonic = partial(time.monotonic)
_sleep = partial(time.sleep)


def _own_socket() -> socket.socket:
    """Never one of the standard three: user code may have closed those, and what it prints would go to the server."""
    sock = _Socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if sock.fileno() <= _STANDARD_FILES_MAX:
        with sock:
            sock = _Socket(fileno=fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD_CLOEXEC, _STANDARD_FILES_MAX + 1))
    sock.settimeout(None)  # whatever socket.setdefaulttimeout() has said
    return sock


def heartbeat() -> bytes:
    """Says too whether anything here could read a trace context, or has metrics of its own."""
    has = wire.HAS_OPENTELEMETRY if "opentelemetry" in sys.modules else 0
    return wire.pack(wire.HEARTBEAT, has | (wire.HAS_PROMETHEUS if "prometheus_client" in sys.modules else 0))


class Link:
    """``requests`` yields (connection, id); take() gives the payload once, unless it was cancelled meanwhile."""

    def __init__(self, path: str, hello: dict[str, Any]) -> None:
        self._path = path
        self._hello = hello
        self._state_frame = b""  # READY or FAILED, sent again after every HELLO
        self._waiting: dict[tuple[Connection, int], bytes | wire.Frame] = {}
        self._flows: dict[tuple[Connection, int], Flow] = {}
        self._open: Connection | None = None  # connected, whether or not the server has greeted
        self._connection: Connection | None = None
        self._end_seen = False
        self.stall = StallDetector(self._bytes_taken)
        self.metrics = OwnMetrics()
        self.connected = threading.Event()
        self.requests: Any = queue.SimpleQueue()  # or anything with put(): coroutines.py
        self.cancel: Callable[[tuple[Connection, int] | None], None] = lambda _: None  # of one that runs, or of all
        self.exit_code = 0
        self.forked = False
        self.on_end: Callable[[], None] = lambda: None

    def start(self) -> None:
        threading.Thread(target=self._run, name="modelbundle-link", daemon=True).start()

    def announce(self, frame: bytes) -> None:
        """READY or FAILED: now, and after every reconnect."""
        self._state_frame = frame
        connection = self._connection
        if connection is not None:
            connection.send(frame + heartbeat())

    def take(self, connection: Connection, id: int) -> bytes | wire.Frame | None:
        """A request's payload, or the frame of a CALL or a BATCH."""
        return self._waiting.pop((connection, id), None)

    def queue_again(self) -> None:
        """What waits: one may have left the queue and not been taken. To be there twice harms none, as take() gives it
        once."""
        for key in list(self._waiting):
            self.requests.put(key)

    def flow(self, connection: Connection, id: int) -> Flow:
        """For a stream that begins; forget_flow() when it ends."""
        flow = self._flows[(connection, id)] = Flow()
        if connection is not self._connection:
            flow.cancel()  # it was lost before there was a flow to cancel
        return flow

    def forget_flow(self, connection: Connection, id: int) -> None:
        self._flows.pop((connection, id), None)

    def _bytes_taken(self) -> int:
        """Of their credit, by all streams that run."""
        return sum(flow.taken for flow in list(self._flows.values()))

    def end_requests(self, threads: int) -> None:
        for _ in range(threads):
            self.requests.put(None)

    def heed_end_signal(self) -> None:
        """On the main thread: the container is to end. While connected the server says when, as only it knows what is
        in flight."""
        if END_SIGNAL:
            signal.signal(END_SIGNAL, self._on_end_signal)

    def _on_end_signal(self, *_: object) -> None:
        self._end_seen = True
        if self._connection is None:
            os._exit(0)

    def leave(self) -> None:
        """In a forked child, which no thread of the connection has followed: there is nothing to answer."""
        self.forked = True
        connection, self._open, self._connection = self._open, None, None
        if connection is not None:
            connection.forget()

    def _run(self) -> None:
        """Until the process ends: a worker without this thread cannot be asked, so when it ends the process does."""
        try:
            delay = RECONNECT_MIN_SECONDS
            while True:
                if self._connect_once():
                    delay = RECONNECT_MIN_SECONDS
                if self._end_seen:
                    os._exit(0)
                self.stall.beat()
                _sleep(delay)
                delay = min(delay * 2, RECONNECT_MAX_SECONDS)
        except BaseException as error:
            log(f"worker: the thread of the connection cannot go on: {full(error)}")
        finally:
            os._exit(1)

    def _connect_once(self) -> bool:
        """One connection, from connect to close; False when it could not be made."""
        connected = False
        sock: socket.socket | None = None
        try:
            sock = _own_socket()
            sock.connect(self._path)
            connected = True
            self._open = Connection(sock, os.fstat(sock.fileno()))
            self._exchange_frames(self._open)
        except OSError as error:  # not there yet, or gone again
            if sock is not None and error.errno in _CLOSED_BY_USER_CODE:
                sock.detach()  # user code has closed it, and may have opened something else in its place
        except Exception as error:
            log(f"worker: the connection ends: {full(error)}")
        finally:
            self._open = self._connection = None
            self._waiting.clear()
            for flow in list(self._flows.values()):
                flow.cancel()
            if connected:
                self.cancel(None)
            self.connected.clear()
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.close()
        return connected

    def _exchange_frames(self, connection: Connection) -> None:
        sock = connection.sock
        # a receive that waits no longer than a heartbeat; settimeout() would bind the senders too
        seconds = int(HEARTBEAT_SECONDS)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
        decoder = wire.Decoder()
        next_beat = _monotonic() + HEARTBEAT_SECONDS
        while True:
            try:
                data = sock.recv(RECEIVE_BYTES)
            except BlockingIOError:
                data = None
            if _monotonic() >= next_beat:
                self.stall.beat()
                if connection is self._connection:
                    connection.beat(heartbeat())
                next_beat = _monotonic() + HEARTBEAT_SECONDS
            if data is None:
                continue
            if not data:
                return
            try:
                for frame in decoder.feed(data):
                    self._handle(connection, frame)
            except wire.WireError as error:
                log(f"worker: the server does not keep to the protocol: {error}")
                raise ConnectionError(str(error)) from error

    def _handle(self, connection: Connection, frame: wire.Frame) -> None:
        if frame.kind == wire.REQUEST:
            self._waiting[(connection, frame.id)] = frame.payload
            self.requests.put((connection, frame.id))
        elif frame.kind == wire.CALL:
            self._waiting[(connection, frame.id)] = frame
            self.requests.put((connection, frame.id))
        elif frame.kind == wire.CANCEL:
            if self._waiting.pop((connection, frame.id), None) is not None:
                connection.send(wire.pack_json(wire.ERROR, frame.id, code=wire.CANCELLED, message="cancelled"))
            else:
                flow = self._flows.get((connection, frame.id))
                if flow is not None:
                    flow.cancel()
                else:
                    self.cancel((connection, frame.id))
        elif frame.kind == wire.BATCH:
            key = -1 - frame.id  # an id in it may be cancelled: that is not the whole batch
            self._waiting[(connection, key)] = frame
            self.requests.put((connection, key))
        elif frame.kind == wire.CREDIT:
            flow = self._flows.get((connection, frame.id))
            if flow is not None:
                flow.add(wire.unpack_credit(frame))
        elif frame.kind == wire.WATCH:
            self.stall.set_timeout(wire.unpack_credit(frame) / 1000)
        elif frame.kind == wire.SCRAPE:
            self.metrics.answer(connection)
        elif frame.kind == wire.CLOSE:
            self._close(frame)
        elif frame.kind == wire.GREETING:
            self._say_hello(connection, frame.payload)

    def _say_hello(self, connection: Connection, nonce: bytes) -> None:
        connection.send(wire.pack_json(wire.HELLO, nonce=nonce.hex(), **self._hello))
        self._connection = connection
        if self._state_frame:
            connection.send(self._state_frame + heartbeat())
        self.connected.set()

    def _close(self, frame: wire.Frame) -> None:
        """The main thread ends the process in the ordinary way when it can; this one ends it when it cannot."""
        if frame.payload:
            fields = wire.unpack_json(frame)
            why = f"{fields.get('reason')}: {fields.get('message')}"
            log(f"worker: refused by the server: {why}")
            self.exit_code = 1
        self.stall.stop(EXIT_WAIT_SECONDS + 1.0)
        self.on_end()
        _sleep(EXIT_WAIT_SECONDS)
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os._exit(self.exit_code)
