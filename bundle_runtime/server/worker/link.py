"""The server's end of the socket: one worker at a time, its state, and when it last gave a sign of life."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import sys
import traceback
from typing import Any, cast

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import CLOSING, Lifecycle
from bundle_runtime.server.memory import Memory, TooMuch
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.worker.pieces import assemble
from bundle_runtime.server.worker.sockets import fresh

WAITING = "WaitingForWorker"
LOADING = "Loading"
READY = "Ready"
FAILED = "Failed"

# a killed worker is started again at once, and one that loads quickly is back in two or three seconds
WORKER_RETURN_SECONDS = 5.0
JOIN_MAX_BYTES = 64 * 1024
COPIES_BY_KIND = {wire.PIECES: 4}  # of an answer until it is put together; of the others the parts and the whole


class WorkerLink:
    """``state`` is what GET / shows. A failure is kept until a worker is ready: the one that failed exits."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        digest: str,
        dispatcher: Dispatcher,
        memory: Memory,
        lifecycle: Lifecycle,
        stall_seconds: float = 0.0,
    ) -> None:
        self._loop = loop
        self._digest = digest
        self._dispatcher = dispatcher
        self.memory = memory
        memory.elsewhere = self._unsent
        self._lifecycle = lifecycle
        self._stall_seconds = stall_seconds
        self._connection: WorkerConnection | None = None
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

    @property
    def returning(self) -> bool:
        """There is no worker, and one may be back in a moment."""
        return self.state in (WAITING, LOADING) and self._loop.time() - self._away_since < WORKER_RETURN_SECONDS

    @property
    def loaded(self) -> bool:
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
        with fresh(path, 0o007):  # the worker has another uid and the same group
            return await self._loop.create_unix_server(lambda: WorkerConnection(self, self._loop), path)

    def send_close(self) -> None:
        if self._connection is not None:
            self._connection.send(wire.CLOSE, 0, b"")

    async def wait_disconnected(self, seconds: float) -> None:
        """Waits until no worker is connected, at most that long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._absent.wait(), seconds)

    # called by the connection

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
        self._connection = connection
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

    def on_heartbeat(self, connection: WorkerConnection, frame: wire.Frame) -> None:
        """The frame's id says whether user code has imported OpenTelemetry."""
        if connection is self._connection:
            self.traces = bool(frame.id) or not self.loaded

    def on_failed(self, fields: dict[str, Any]) -> None:
        """The worker could not load the bundle, and says why."""
        self.state = FAILED
        self.failure = {"reason": str(fields.get("reason")), "message": str(fields.get("message"))}
        first = self.failure["message"].split("\n", 1)[0]
        say(f"worker failed: {self.failure['reason']}: {first}")

    def on_response(self, frame: wire.Frame) -> None:
        """The end of a request that the worker had."""
        code = ""
        if frame.kind != wire.RESPONSE:
            code, payload = _read(frame)
            frame = frame._replace(payload=payload)
        self._dispatcher.answered(frame, code)

    def on_item(self, frame: wire.Frame) -> None:
        """Items of a stream, or its end."""
        self._dispatcher.streamed(frame)

    def on_disconnect(self, connection: WorkerConnection) -> None:
        """The worker has gone, asked or not."""
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
        self._dispatcher.worker_lost()


class WorkerConnection(asyncio.Protocol):
    def __init__(self, link: WorkerLink, loop: asyncio.AbstractEventLoop) -> None:
        self._link = link
        self._loop = loop
        self._decoder = wire.Decoder()
        self._transport: asyncio.Transport | None = None
        self._greeted = False
        self._unsent: list[bytes] = []
        self._counted: wire.Arriving | None = None  # the large answer that memory knows of
        self.last_byte = 0.0

    @property
    def unsent(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._link.memory.release(self)
        self._link.on_disconnect(self)

    def send(self, kind: int, id: int, payload: bytes) -> None:
        """What is sent within one turn of the loop goes in one write: under load a third of a request's cost."""
        if self._transport is None:
            return
        if len(payload) > JOIN_MAX_BYTES:
            self._flush()
            self._transport.write(wire.pack_header(kind, id, len(payload)))
            self._transport.write(payload)
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(wire.pack(kind, id, payload))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport is not None:
            self._transport.write(b"".join(unsent))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def refuse(self, reason: str, message: str) -> None:
        say(f"worker refused: {reason}: {message}")
        self.send(wire.CLOSE, 0, json.dumps({"reason": reason, "message": message}).encode("ascii"))
        if self._transport is not None:
            self._flush()
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self.last_byte = self._loop.time()
        try:
            for frame in self._decoder.feed(data):
                kind = frame.kind
                if kind == wire.RESPONSE or kind == wire.ERROR or kind == wire.PIECES:
                    self._link.on_response(frame)
                elif kind == wire.ITEM or kind == wire.END:
                    self._link.on_item(frame)
                elif kind == wire.HEARTBEAT:
                    self._link.on_heartbeat(self, frame)
                else:
                    self._control(frame)
        except wire.WireError as error:
            self.refuse("ProtocolMismatch", str(error))
        if self._decoder.arriving is not self._counted:
            self._count(self._decoder.arriving)

    def _count(self, arriving: wire.Arriving | None) -> None:
        """Another answer begins to arrive, or the last one is here. What there is no memory for is not kept: it is the
        end of that request only."""
        self._counted = arriving
        memory = self._link.memory
        memory.release(self)
        if arriving is None or arriving.length <= JOIN_MAX_BYTES or self._transport is None:
            return
        needed = arriving.length * COPIES_BY_KIND.get(arriving.kind, 2)
        try:
            memory.needs(needed, "the prediction", 0, "ResponseTooLarge")
        except TooMuch as refusal:
            self._decoder.refuse(json.dumps({"code": refusal.code, "message": str(refusal)}).encode("ascii"))
            if arriving.kind == wire.ITEM:
                self.send(wire.CANCEL, arriving.id, b"")
        else:
            memory.hold(self, needed)

    def _control(self, frame: wire.Frame) -> None:
        if not self._greeted:
            if frame.kind != wire.HELLO:
                raise wire.WireError("the first frame must be hello")
            self._greeted = True
            self._link.on_hello(self, _fields(frame))
        elif frame.kind == wire.READY:
            self._link.on_ready(self, _fields(frame))
        elif frame.kind == wire.FAILED:
            self._link.on_failed(_fields(frame))


def _read(frame: wire.Frame) -> tuple[str, bytes]:
    """Code and payload of a frame other than RESPONSE. What cannot be read is the end of one request only."""
    try:
        if frame.kind == wire.PIECES:
            return "", assemble(frame.payload)
        fields = _fields(frame)
        code = str(fields.get("code") or "PredictFailed")
        return code, str(fields.get("message") or f"{code}, without a message").encode()
    except Exception as error:
        traceback.print_exception(error)
        return "InternalError", b"the worker's response could not be read"


def _fields(frame: wire.Frame) -> dict[str, Any]:
    """What the worker reports, made valid UTF-8: half a surrogate pair (of a file's name) could not be sent on."""
    fields = wire.unpack_json(frame)
    try:
        return cast(dict[str, Any], json.loads(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")))
    except (ValueError, RecursionError) as error:
        raise wire.WireError(f"the payload of a frame of kind {frame.kind} cannot be kept: {error}") from error


def say(text: str) -> None:
    print(f"server: {text}", file=sys.stderr, flush=True)
