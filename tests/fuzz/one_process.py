"""Server and worker in one process, on a loop that is moved by hand: no sockets, no threads, no waiting.

A fuzzer runs it a thousand times a second, and each run is the same for the same bytes. All of the runtime in it is the
product's own; the transports and the loop stand in for the operating system.
"""

from __future__ import annotations

import heapq
import itertools
import json
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.http import parser, responses
from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.queue import dispatcher as dispatch
from bundle_runtime.server.queue import send_policy
from bundle_runtime.server.server import Server
from bundle_runtime.server.worker.connection import WorkerConnection
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.connection.link import Link
from bundle_runtime.worker.connection.stall import Threads
from bundle_runtime.worker.loop import serve
from bundle_runtime.worker.predict.choose import predictor_for

DIGEST = "sha256:" + "0" * 64
MODEL = "m"
NONCE = "0" * 32  # of every connection here, so that inputs stay what they are
WORKER: dict[str, Any] = {"digest": DIGEST, "pid": 1, "python": "3.11.0", "maxConcurrency": 1}
HELLO: dict[str, Any] = {**WORKER, "nonce": NONCE}
MAX_BODY = 60_000
# longer than anything may take: the head, the body, an answer, an idle connection
LONG_SECONDS = 200
_CLOCKED: tuple[Any, ...] = (responses, parser, dispatch, send_policy)


class Timer:
    def __init__(self) -> None:
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    def __init__(self) -> None:
        self.now = 1000.0
        self._soon: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._later: list[tuple[float, int, Timer, Callable[..., None], tuple[Any, ...]]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        return self.now

    def call_soon(self, function: Callable[..., None], *args: Any) -> None:
        self._soon.append((function, args))

    def call_later(self, seconds: float, function: Callable[..., None], *args: Any) -> Timer:
        return self.call_at(self.now + seconds, function, *args)

    def call_at(self, when: float, function: Callable[..., None], *args: Any) -> Timer:
        timer = Timer()
        heapq.heappush(self._later, (when, next(self._numbers), timer, function, args))
        return timer

    def run(self) -> None:
        """Until nothing is left to do at this time."""
        while True:
            while self._later and self._later[0][0] <= self.now:
                _, _, timer, function, args = heapq.heappop(self._later)
                if not timer.cancelled:
                    self.call_soon(function, *args)
            if not self._soon:
                return
            function, args = self._soon.popleft()
            function(*args)


class Transport:
    """One end of a connection, as asyncio shows it to a protocol."""

    def __init__(self, loop: Loop, protocol: Any, wrote: Callable[[], None] = lambda: None) -> None:
        self._loop = loop
        self._protocol = protocol
        self._wrote = wrote
        self.sent = bytearray()
        self.ended = False
        self.reading = True
        protocol.connection_made(self)

    def write(self, data: bytes) -> None:
        if not self.ended:
            self.sent += data
            self._wrote()

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))

    def close(self) -> None:
        if not self.ended:
            self.ended = True
            self._loop.call_soon(self._protocol.connection_lost, None)

    abort = close

    def is_closing(self) -> bool:
        return self.ended

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        pass  # the fuzzer's client goes on sending, as a broken one would

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def get_write_buffer_size(self) -> int:
        return 0  # it is read as it is written

    def feed(self, pieces: Iterable[bytes], between: Callable[[], None] = lambda: None) -> None:
        """The pieces in turn, for as long as the protocol reads."""
        for piece in pieces:
            if not self.reading:
                self._loop.run()
            if self.ended:
                return
            assert self.reading, "reading is paused and nothing is under way that could resume it"
            self._protocol.data_received(piece)
            between()


class Client:
    def __init__(self, runtime: Runtime) -> None:
        self.connection = HttpConnection(runtime.server, runtime.loop)  # type: ignore[arg-type]
        self.transport = Transport(runtime.loop, self.connection)
        self.methods: list[bytes] = []  # of the requests that the server was given
        self.refused = False  # the last of them, before it was read to its end


class WorkerSide:
    """The real worker at the other end of the server's link."""

    def __init__(self, runtime: Runtime, predict_fn: Any) -> None:
        self._runtime = runtime
        self._decoder = wire.Decoder()
        self._link = Link("", WORKER)
        self._connection = Connection(self)  # type: ignore[arg-type]
        self._predictor = predictor_for(predict_fn, frozenset())
        self._due = False

    def say_ready(self) -> None:
        self.sendall(wire.pack_json(wire.READY, seconds={}, maxBatch=self._predictor.max_batch))

    def sendall(self, data: bytes) -> None:
        self._runtime.loop.call_soon(self._runtime.link.data_received, data)

    def wrote(self) -> None:
        if not self._due:
            self._due = True
            self._runtime.loop.call_soon(self._work)

    def _work(self) -> None:
        self._due = False
        transport = self._runtime.link_transport
        data = bytes(transport.sent)
        transport.sent.clear()
        for frame in self._decoder.feed(data):
            assert frame.kind != wire.CLOSE, f"the worker did nothing wrong and is sent away: {frame.payload!r}"
            self._link._handle(self._connection, frame)
        self._link.requests.put(None)
        serve(self._link, self._predictor, Threads(self._link.stall, 1, serve.__code__))
        self._link.stall.stop()  # its alarm would end this process, which is no worker, minutes later


class Runtime:
    """``predict_fn`` None: nobody works, and whatever is fed to ``link_transport`` is the worker. Within ``with`` the
    server reads the loop's clock."""

    def __init__(self, document: dict[str, Any], predict_fn: Any = None, timeout_seconds: float = 60.0) -> None:
        self.loop = Loop()
        options = {"max_concurrency": 2, "queue_limit": 1000, "stall_seconds": 120.0, "limits": Limits(MAX_BODY)}
        self.server = Server(self.loop, document, DIGEST, name=MODEL, timeout_seconds=timeout_seconds, **options)  # type: ignore[arg-type]
        self._watch(self.server, trusted=predict_fn is not None)
        self.link = WorkerConnection(self.server.link, self.loop)  # type: ignore[arg-type]
        self.link.nonce = NONCE
        worker = WorkerSide(self, predict_fn) if predict_fn is not None else None
        self.link_transport = Transport(self.loop, self.link, worker.wrote if worker else lambda: None)
        self.clients: dict[int, Client] = {}
        self.loop.run()  # the greeting, and the worker's hello
        if worker:
            worker.say_ready()
            self.loop.run()

    def __enter__(self) -> Runtime:
        for module in _CLOCKED:
            module.monotonic = self.loop.time
        return self

    def __exit__(self, *_: object) -> None:
        for module in _CLOCKED:
            module.monotonic = time.monotonic

    def _watch(self, server: Server, *, trusted: bool) -> None:
        """What the server is given, by connection; and its mistakes, which are none where an untrusted worker's
        answer is no answer."""
        handle, internal_error = server.handle, server.responses.internal_error
        self.errors: list[Exception] = []
        handling: list[Any] = []

        def watched(exchange: Any) -> None:
            client = self.clients[id(exchange.connection)]
            client.methods.append(exchange.method)
            client.refused = exchange.refusal is not None
            handling.append(exchange)
            handle(exchange)
            handling.pop()

        def mistaken(exchange: Any, error: Exception) -> None:
            if trusted or exchange in handling:
                self.errors.append(error)
            internal_error(exchange, error)

        server.handle = watched  # type: ignore[method-assign]
        server.responses.internal_error = mistaken  # type: ignore[method-assign]

    def client(self) -> Client:
        client = Client(self)
        self.clients[id(client.connection)] = client
        return client

    def settle(self) -> None:
        self.loop.run()
        if self.errors:
            raise self.errors[0]

    def wait(self, seconds: int) -> None:
        for _ in range(seconds):
            self.loop.now += 1.0
            self.settle()
            self.server.tick()
        self.settle()

    def check_nothing_is_left(self) -> None:
        dispatcher = self.server.dispatcher
        left = {
            "pending": len(dispatcher._table.pending),
            "waiting": dispatcher.queue_depth,
            "connections": len(self.server.connections),
        }
        assert not any(left.values()), f"left behind: {left}"


def counts(runtime: Runtime) -> dict[str, int]:
    return {f"{status} {code}": number for (status, code), number in runtime.server.counters.requests.items()}


def json_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
