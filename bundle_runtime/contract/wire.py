"""Frames between server and worker: a fixed header, a payload, many requests at once over one stream socket.

docs/reference/wire.md is the contract; this file is the only one that packs or unpacks a frame, on both sides, so
the two can never disagree. It runs in the user's Python, hence the standard library only.
"""

from __future__ import annotations

import json
import marshal
import struct
from typing import Any, Mapping, NamedTuple, Tuple

from bundle_runtime.contract.heads import CallHead

_encoder = json.JSONEncoder()  # in the worker user code may put another library's functions in the place of json's
_decoder = json.JSONDecoder()
VERSION = 2
HEADER = struct.Struct(">IBBHIIII")  # payload length, kind, version, reserved, id, microseconds of three phases
HEADER_SIZE = HEADER.size
_SIZE = struct.Struct(">I")
_ENTRY = struct.Struct(">II")  # id, length

# worker to server
HELLO = 1
READY = 2
FAILED = 3
HEARTBEAT = 4
RESPONSE = 5
ERROR = 6
PIECES = 7
ITEM = 8
END = 9
METRICS = 10
# server to worker
REQUEST = 16
CANCEL = 17
CLOSE = 18
CALL = 19
CREDIT = 20
BATCH = 21
WATCH = 22
SCRAPE = 23
GREETING = 24

MAX_HELLO = 4 * 1024
MAX_CONTROL = 64 * 1024
MAX_ERROR = 1024 * 1024
MAX_METRICS = 1024 * 1024
MAX_BODY = 256 * 1024 * 1024
MAX_HEADED = MAX_BODY - MAX_CONTROL  # of what stands behind a head, or alone in a batch
MAX_ID = 0xFFFFFFFF
NONCE_SIZE = 16

LIMITS = {
    HELLO: MAX_HELLO,
    READY: MAX_CONTROL,
    FAILED: MAX_CONTROL,
    HEARTBEAT: 0,
    RESPONSE: MAX_BODY,
    ERROR: MAX_ERROR,
    PIECES: MAX_BODY,
    ITEM: MAX_BODY,
    END: 0,
    METRICS: MAX_METRICS,
    REQUEST: MAX_BODY,
    CANCEL: 0,
    CLOSE: MAX_CONTROL,
    CALL: MAX_BODY,
    CREDIT: 4,
    BATCH: MAX_BODY,
    WATCH: 4,
    SCRAPE: 0,
    GREETING: NONCE_SIZE,
}

# bytes of items, headers too, that a worker may send before it is given credit for more
WINDOW = 256 * 1024

# bits of a HEARTBEAT's id: what user code has imported
HAS_OPENTELEMETRY = 1
HAS_PROMETHEUS = 2

# an ERROR's code when the worker dropped a cancelled request before it started
CANCELLED = "Cancelled"


class WireError(Exception):
    """The other side does not speak this protocol: the connection cannot be used any more."""


Phases = Tuple[int, int, int]  # microseconds in the worker: putting the call together, user code, serialising
NO_TIME: Phases = (0, 0, 0)
MAX_TIME: Phases = (MAX_ID, MAX_ID, MAX_ID)


class Frame(NamedTuple):
    kind: int
    id: int
    payload: bytes
    phases: Phases


class Arriving(NamedTuple):
    """Of a frame whose payload has not come yet, or not all of it."""

    kind: int
    id: int
    length: int


def pack(kind: int, id: int = 0, payload: bytes = b"", phases: Phases = NO_TIME) -> bytes:
    """Header and payload in one; for big payloads write pack_header() and the payload one after the other."""
    return pack_header(kind, id, len(payload), phases) + payload


def pack_header(kind: int, id: int, length: int, phases: Phases = NO_TIME) -> bytes:
    if length > LIMITS[kind]:
        raise WireError(
            f"a payload of {length} bytes is more than the {LIMITS[kind]} that a frame of kind {kind} holds"
        )
    try:
        return HEADER.pack(length, kind, VERSION, 0, id, *phases)
    except struct.error:  # a stream of more than an hour, or user code has put another clock in the place of Python's
        return HEADER.pack(length, kind, VERSION, 0, id, *map(min, map(max, phases, NO_TIME), MAX_TIME))


def pack_json(kind: int, id: int = 0, **fields: Any) -> bytes:
    return pack(kind, id, json_text(fields))


def unpack_json(frame: Frame) -> dict[str, Any]:
    try:
        fields = _decoder.decode(frame.payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WireError(f"the payload of a frame of kind {frame.kind} is not valid JSON: {error}") from error
    if not isinstance(fields, dict):
        raise WireError(f"the payload of a frame of kind {frame.kind} is not a JSON object")
    return fields


def pack_fields(value: Any) -> bytes:
    """What the server has parsed out of JSON, for a REQUEST, a CALL or an entry of a BATCH."""
    return marshal.dumps(value, 4)  # the format that all Pythons since 3.4 read


# what pack_fields() had; only for what comes from the server, as bytes that it did not make may crash the interpreter
unpack_fields = marshal.loads


def pack_call(head: Mapping[str, object], body: bytes) -> bytes:
    """The payload of a CALL: a CallHead, then the body that it describes."""
    return _with_head(marshal.dumps(dict(head), 4), body)


def unpack_call(payload: bytes) -> tuple[CallHead, memoryview]:
    """Head and body; only for what comes from the server, as unpack_fields()."""
    end = _SIZE.size + _SIZE.unpack_from(payload)[0]
    body = memoryview(payload)
    return marshal.loads(body[_SIZE.size : end]), body[end:]


def pack_headed(head: Mapping[str, object], body: bytes) -> bytes:
    """The payload of an answer that is not JSON alone: a JSON object as its head, then bytes as they are."""
    return _with_head(json_text(head), body)


def json_text(fields: Mapping[str, object]) -> bytes:
    return _encoder.encode(fields).encode("ascii")


def _with_head(head: bytes, body: bytes) -> bytes:
    return b"".join((_SIZE.pack(len(head)), head, body))


def unpack_headed(payload: bytes) -> tuple[dict[str, Any], memoryview]:
    """The head and the bytes behind it; WireError when the payload has no such head."""
    try:
        (length,) = _SIZE.unpack_from(payload)
        end = _SIZE.size + length
        head = _decoder.decode(payload[_SIZE.size : end].decode("ascii"))
    except (struct.error, ValueError, RecursionError) as error:
        raise WireError(f"a payload without its head: {error}") from error
    if not isinstance(head, dict) or end > len(payload):
        raise WireError("the head of a payload is not a JSON object")
    return head, memoryview(payload)[end:]


def credit(size: int) -> bytes:
    """The payload of a CREDIT: bytes; and of a WATCH: milliseconds."""
    return _SIZE.pack(size)


def unpack_credit(frame: Frame) -> int:
    try:
        return int(_SIZE.unpack(frame.payload)[0])
    except struct.error as error:
        raise WireError(f"a frame of kind {frame.kind} must hold 4 bytes, not {len(frame.payload)}") from error


def item_cost(payload: bytes) -> int:
    """Of the credit, what an ITEM takes: for each item in it as much as for one that comes alone."""
    more = payload.count(b"\n")
    return len(payload) - more + (1 + more) * HEADER_SIZE


def pack_batch(requests: list[tuple[int, bytes]]) -> bytes:
    """The payload of a BATCH: their number, id and length of each, then their payloads."""
    heads = [_ENTRY.pack(id, len(body)) for id, body in requests]
    return b"".join([_SIZE.pack(len(requests)), *heads, *(body for _, body in requests)])


def unpack_batch(frame: Frame) -> list[tuple[int, memoryview]]:
    found = []
    try:
        (count,) = _SIZE.unpack_from(frame.payload)
        body = memoryview(frame.payload)
        at = _SIZE.size + count * _ENTRY.size
        for index in range(count):
            id, length = _ENTRY.unpack_from(body, _SIZE.size + index * _ENTRY.size)
            found.append((id, body[at : at + length]))
            at += length
    except struct.error as error:
        raise WireError(f"the payload of a batch cannot be read: {error}") from error
    return found


class Decoder:
    """Bytes in, whole frames out. It holds what has arrived and never more: a header that promises 256 MiB costs
    nothing until they come, and a header that promises too much is refused at once."""

    def __init__(self) -> None:
        self._head = b""  # less than one header
        self._parts: list[bytes] = []  # the payload so far
        self._missing = 0  # bytes of payload still to come; 0 when the next thing is a header
        self._frame: tuple[int, int, Phases] = (0, 0, NO_TIME)  # kind, id, phases of the payload that is arriving
        self.arriving: Arriving | None = None  # that payload's frame
        self._instead: bytes | None = None

    @property
    def held(self) -> int:
        """Bytes kept between two calls."""
        return len(self._head) + sum(map(len, self._parts))

    def refuse(self, error: bytes) -> None:
        """What is arriving is not kept; in its place comes an ERROR with that payload."""
        self._parts = []
        self._instead = error

    def feed(self, data: bytes) -> list[Frame]:
        frames: list[Frame] = []
        at = 0
        if self._missing:
            if len(data) < self._missing:
                if self._instead is None:
                    self._parts.append(data)
                self._missing -= len(data)
                return frames
            at = self._missing
            self._parts.append(data[:at])
            kind, id, phases = self._frame
            if self._instead is None:
                frames.append(Frame(kind, id, b"".join(self._parts), phases))
            else:
                frames.append(Frame(ERROR, id, self._instead, phases))
                self._instead = None
            self._parts = []
            self._missing = 0
            self.arriving = None
        elif self._head:
            data = self._head + data
        self._head = b""
        new_tuple = tuple.__new__  # what Frame() does, in a third of the time
        size = len(data)
        while at < size:
            if size - at < HEADER_SIZE:
                self._head = data[at:]
                break
            length, kind, version, _, id, batch, user, serialise = HEADER.unpack_from(data, at)
            if version != VERSION:
                raise WireError(f"the other side speaks version {version} of the protocol, this one {VERSION}")
            if length > LIMITS.get(kind, -1):
                raise WireError(f"a frame of kind {kind} with a payload of {length} bytes")
            at += HEADER_SIZE
            end = at + length
            if end > size:
                self._frame = (kind, id, (batch, user, serialise))
                self._missing = end - size
                self.arriving = Arriving(kind, id, length)
                if at < size:
                    self._parts.append(data[at:])
                break
            frames.append(new_tuple(Frame, (kind, id, data[at:end], (batch, user, serialise))))
            at = end
        return frames
