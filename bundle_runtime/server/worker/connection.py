"""One worker's end of the socket: frames in and out, and the memory of a large response that arrives."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any, Protocol, cast

from bundle_runtime.contract import wire
from bundle_runtime.server.memory import Memory, TooMuch

HELLO_MAX_BYTES = wire.HEADER_SIZE + wire.MAX_HELLO
JOIN_MAX_BYTES = 64 * 1024  # of a payload that is copied to go out in one write with others
COPIES_BY_KIND = {wire.PIECES: 4}  # of a response until it is put together; of the others the parts and the whole


class WorkerEvents(Protocol):
    """What a connection tells its owner, which is called for each frame."""

    memory: Memory

    def on_connect(self, connection: WorkerConnection) -> None:
        """It is to say hello."""

    def on_hello(self, connection: WorkerConnection, fields: dict[str, Any]) -> None:
        """It is a worker's, and taken or refused."""

    def on_ready(self, connection: WorkerConnection, fields: dict[str, Any]) -> None:
        """It has loaded the bundle. WireError when its fields cannot be read."""

    def on_failed(self, fields: dict[str, Any]) -> None:
        """It could not load the bundle, and says why."""

    def on_heartbeat(self, connection: WorkerConnection, frame: wire.Frame) -> None:
        """The frame's id says what user code has imported."""

    def on_response(self, frame: wire.Frame) -> None:
        """The end of a request that it had."""

    def on_item(self, frame: wire.Frame) -> None:
        """Items of a stream, or its end."""

    def on_refused(self, connection: WorkerConnection) -> None:
        """It is about to end, and nothing is taken from it any more."""

    def on_metrics(self, connection: WorkerConnection, frame: wire.Frame) -> None:
        """The text of its own metrics, which it was asked for."""

    def on_disconnect(self, connection: WorkerConnection) -> None:
        """It has gone, asked or not."""


class WorkerConnection(asyncio.Protocol):
    """The socket of one worker: frames in and out, and the memory of a large response that arrives. Frames are taken
    while it is ``current``, which its owner sets; before, nothing but a hello that returns ``nonce``."""

    def __init__(self, link: WorkerEvents, loop: asyncio.AbstractEventLoop) -> None:
        self.nonce = os.urandom(wire.NONCE_SIZE).hex()
        self.current = False
        self._over = False  # refused, or aborted: what still comes is not looked at
        self._received = 0  # before hello
        self._link = link
        self._loop = loop
        self._decoder = wire.Decoder()
        self._transport: asyncio.Transport | None = None
        self._unsent: list[bytes] = []
        self._counted: wire.Arriving | None = None  # the large answer that memory knows of
        self.last_byte = 0.0

    @property
    def unsent(self) -> int:
        """Bytes that the worker has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._link.on_connect(self)
        self.send(wire.GREETING, 0, bytes.fromhex(self.nonce))

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
            self._transport.writelines((wire.pack_header(kind, id, len(payload)), payload))
            return
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(wire.pack(kind, id, payload))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if unsent and self._transport is not None:
            self._transport.write(b"".join(unsent))

    def abort(self) -> None:
        """Ends the connection at once."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    def refuse(self, reason: str, message: str) -> None:
        """Tells the worker why, and ends the connection."""
        say(f"worker refused: {reason}: {message}")
        self.send(wire.CLOSE, 0, json.dumps({"reason": reason, "message": message}).encode("ascii"))
        self._over = True
        self._link.on_refused(self)
        if self._transport is not None:
            self._flush()
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self.last_byte = self._loop.time()
        try:
            for frame in self._decoder.feed(data):
                if not self.current:
                    self._greeted(frame)
                    if self._over:
                        return
                    continue
                kind = frame.kind
                if kind == wire.RESPONSE or kind == wire.ERROR or kind == wire.PIECES:
                    self._link.on_response(frame)
                elif kind == wire.ITEM or kind == wire.END:
                    self._link.on_item(frame)
                elif kind == wire.HEARTBEAT:
                    self._link.on_heartbeat(self, frame)
                else:
                    self._control(frame)
            if not self.current:
                self._wait_for_hello(len(data))
        except wire.WireError as error:
            self.refuse("ProtocolMismatch", str(error))
            return
        if self.current and self._decoder.arriving is not self._counted:
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

    def _wait_for_hello(self, size: int) -> None:
        self._received += size
        if self._received > HELLO_MAX_BYTES:
            raise wire.WireError(f"no hello in {self._received} bytes")

    def _greeted(self, frame: wire.Frame) -> None:
        """The first frame: hello."""
        if frame.kind != wire.HELLO:
            raise wire.WireError("the first frame must be hello")
        fields = fields_of(frame)
        if fields.pop("nonce", None) != self.nonce:
            raise wire.WireError("the hello does not return this connection's greeting")
        self._link.on_hello(self, fields)

    def _control(self, frame: wire.Frame) -> None:
        if frame.kind == wire.READY:
            self._link.on_ready(self, fields_of(frame))
        elif frame.kind == wire.FAILED:
            self._link.on_failed(fields_of(frame))
        elif frame.kind == wire.METRICS:
            self._link.on_metrics(self, frame)


def fields_of(frame: wire.Frame) -> dict[str, Any]:
    """What the worker reports, made valid UTF-8: half a surrogate pair (of a file's name) could not be sent on."""
    fields = wire.unpack_json(frame)
    try:
        return cast(dict[str, Any], json.loads(json.dumps(fields, ensure_ascii=False).encode("utf-8", "replace")))
    except (ValueError, RecursionError) as error:
        raise wire.WireError(f"the payload of a frame of kind {frame.kind} cannot be kept: {error}") from error


def say(text: str) -> None:
    """A line of the server's log."""
    print(f"server: {text}", file=sys.stderr, flush=True)
