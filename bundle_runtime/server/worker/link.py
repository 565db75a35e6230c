"""The server's end of the socket: one worker at a time, its state, and when it last gave a sign of life."""

from __future__ import annotations

import asyncio
import contextlib
import math
import traceback
from collections.abc import Callable
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import CLOSING, Lifecycle
from bundle_runtime.server.memory import Memory
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.worker.connection import WorkerConnection, fields_of, say
from bundle_runtime.server.worker.others import Others
from bundle_runtime.server.worker.pieces import assemble
from bundle_runtime.server.worker.sockets import fresh
from bundle_runtime.server.worker.user_metrics import UserMetrics

WAITING = "WaitingForWorker"
LOADING = "Loading"
READY = "Ready"
FAILED = "Failed"

# a killed worker is started again at once, and one that loads quickly is back in two or three seconds
WORKER_RETURN_SECONDS = 5.0


class WorkerLink:
    """``state`` is what GET / shows. A failure is kept until a worker is ready: the one that failed exits.
    ``tracebacks``: clients may see the lines of the user's code that raised."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        digest: str,
        dispatcher: Dispatcher,
        memory: Memory,
        lifecycle: Lifecycle,
        stall_seconds: float = 0.0,
        tracebacks: bool = False,
    ) -> None:
        self._loop = loop
        self._digest = digest
        self._dispatcher = dispatcher
        self.memory = memory
        memory.elsewhere = self._unsent
        self._lifecycle = lifecycle
        self._stall_seconds = stall_seconds
        self._connection: WorkerConnection | None = None  # of the worker: the one that said hello last
        self.others = Others(loop.time)
        self._tracebacks = tracebacks
        self.metrics = UserMetrics(loop)
        self._absent = asyncio.Event()
        self._absent.set()
        self.state = WAITING
        self.failure: dict[str, str] | None = None
        self.worker: dict[str, Any] = {}
        self.load_seconds: dict[str, float] = {}
        self.fields: dict[str, list[str]] = {}  # which ones predict_fn takes and needs
        self.traces = True  # a trace context may be read: by all but a loaded worker without OpenTelemetry
        self.lost = 0  # loaded workers that disconnected without being asked to
        self._away_since = loop.time()
        self.on_loaded: Callable[[], None] = lambda: None

    @property
    def returning(self) -> bool:
        """There is no worker, and one may be back in a moment."""
        return self.state in (WAITING, LOADING) and self._loop.time() - self._away_since < WORKER_RETURN_SECONDS

    @property
    def loaded(self) -> bool:
        """A worker has loaded the bundle."""
        return self.state == READY

    @property
    def heartbeat_age(self) -> float | None:
        """Seconds since the loaded worker's last byte; None without one: while it loads silence means nothing."""
        if self._connection is None or self.state != READY:
            return None
        return self._loop.time() - self._connection.last_byte

    def _unsent(self) -> int:
        """Bytes of requests that a worker does not take."""
        return 0 if self._connection is None else self._connection.unsent

    async def listen(self, path: str) -> asyncio.Server:
        """For workers."""
        with fresh(path, 0o007):  # the worker has another uid and the same group
            return await self._loop.create_unix_server(lambda: WorkerConnection(self, self._loop), path)

    def send_close(self) -> None:
        """Asks the worker to end."""
        if self._connection is not None:
            self._connection.send(wire.CLOSE, 0, b"")

    async def wait_disconnected(self, seconds: float) -> None:
        """Waits until no worker is connected, at most that long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._absent.wait(), seconds)

    def tick(self, now: float) -> None:
        """Once a second."""
        self.others.end_late(now)

    # called by the connection

    def on_connect(self, connection: WorkerConnection) -> None:
        """Somebody has connected, and is to say hello."""
        self.others.add(connection)

    def on_hello(self, connection: WorkerConnection, fields: dict[str, Any]) -> None:
        """A worker has connected; it takes the place of one that is connected still."""
        digest = fields.get("digest")
        if digest != self._digest:
            connection.refuse("DigestMismatch", f"the worker runs {digest}, the server {self._digest}")
            return
        if self._connection is not None:
            say(f"worker {fields.get('pid')} takes the place of worker {self.worker.get('pid')}")
            self._connection.abort()
            self.on_disconnect(self._connection)
        self.others.discard(connection)
        self._connection = connection
        connection.current = True
        self._absent.clear()
        self.worker = fields
        self.state = LOADING
        say(f"worker connected: pid {fields.get('pid')}, Python {fields.get('python')}")

    def on_ready(self, connection: WorkerConnection, fields: dict[str, Any]) -> None:
        """The worker has loaded the bundle. WireError when its fields cannot be read."""
        if self.state == READY:
            return
        try:
            seconds = {str(phase): float(value) for phase, value in dict(fields.get("seconds") or {}).items()}
            names = {str(key): list(map(str, found)) for key, found in dict(fields.get("fields") or {}).items()}
            max_batch = int(fields.get("maxBatch") or 0)
        except (TypeError, ValueError, OverflowError) as error:
            raise wire.WireError(f"a ready that cannot be read: {error}") from error
        self.load_seconds = seconds
        self.fields = names
        self.state = READY
        self.failure = None
        if self._stall_seconds:  # before the first request, which may be the one that hangs
            connection.send(wire.WATCH, 0, wire.credit(min(wire.MAX_ID, math.ceil(self._stall_seconds * 1000))))
        self._dispatcher.ready(connection.send, max_batch)
        say(f"worker ready after {sum(self.load_seconds.values()):.3f} s")
        self.on_loaded()

    def on_heartbeat(self, connection: WorkerConnection, frame: wire.Frame) -> None:
        """The frame's id says what user code has imported."""
        if connection is self._connection:
            self.traces = bool(frame.id & wire.HAS_OPENTELEMETRY) or not self.loaded
            self.metrics.worker = connection if frame.id & wire.HAS_PROMETHEUS else None

    def on_metrics(self, connection: WorkerConnection, frame: wire.Frame) -> None:
        """The text of its own metrics, which the worker was asked for."""
        if connection is self._connection:
            self.metrics.answered(frame.payload)

    def on_failed(self, fields: dict[str, Any]) -> None:
        """The worker could not load the bundle, and says why."""
        self.state = FAILED
        self.failure = {"reason": str(fields.get("reason")), "message": _message(fields, self._tracebacks)}
        first = self.failure["message"].split("\n", 1)[0]
        say(f"worker failed: {self.failure['reason']}: {first}")

    def on_response(self, frame: wire.Frame) -> None:
        """The end of a request that the worker had."""
        code = ""
        if frame.kind != wire.RESPONSE:
            code, payload = _read(frame, self._tracebacks)
            frame = frame._replace(payload=payload)
        self._dispatcher.answered(frame, code)

    def on_item(self, frame: wire.Frame) -> None:
        """Items of a stream, or its end."""
        self._dispatcher.streamed(frame)

    def on_refused(self, connection: WorkerConnection) -> None:
        """It is told why and closed, after some seconds also when it does not read that."""
        self.on_disconnect(connection)
        self.others.discard(connection)  # its time begins anew
        self.others.add(connection)

    def on_disconnect(self, connection: WorkerConnection) -> None:
        """The worker has gone, asked or not."""
        self.others.discard(connection)
        if connection is not self._connection:
            return
        self._connection = None
        self._absent.set()
        self.traces = True
        if self.state == READY and self._lifecycle.stage is not CLOSING:
            self.lost += 1
            wait = f"{WORKER_RETURN_SECONDS:g} s"
            say(f"worker lost: what it had is answered with 503, what waits has {wait} for the next one")
            self._away_since = self._loop.time()
        if self.state != FAILED:
            self.state = WAITING
        self.metrics.lost()
        self._dispatcher.worker_lost()


def _message(fields: dict[str, Any], tracebacks: bool) -> str:
    """Of an error or a failure; with the lines of its traceback where clients may see them."""
    message = str(fields.get("message"))
    traceback = fields.get("traceback") if tracebacks else ""
    return f"{message}\n{traceback}" if traceback else message


def _read(frame: wire.Frame, tracebacks: bool) -> tuple[str, bytes]:
    """Code and payload of a frame other than RESPONSE. What cannot be read is the end of one request only."""
    try:
        if frame.kind == wire.PIECES:
            return "", assemble(frame.payload)
        fields = fields_of(frame)
        code = str(fields.get("code") or "PredictFailed")
        fields["message"] = fields.get("message") or f"{code}, without a message"
        return code, _message(fields, tracebacks).encode()
    except Exception as error:
        traceback.print_exception(error)
        return "InternalError", b"the worker's response could not be read"
