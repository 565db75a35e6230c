"""Bytes of a fuzzer as frames: most of them well formed with any payload, some of them noise."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable

import orjson

from bundle_runtime.contract import wire

IDS = 6
NOISE = 224


def as_it_is(_: int, payload: bytes) -> bytes:
    return payload


def stream(data: bytes, kinds: tuple[int, ...], made: Callable[[int, bytes], bytes] = as_it_is) -> bytes:
    """Two bytes choose kind and id (or noise), two are a length, then so many bytes of payload, of which ``made`` makes
    the frame's."""
    found = bytearray()
    at = 0
    while at + 4 <= len(data):
        choice, id = data[at], data[at + 1]
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        payload = data[at + 4 : at + 4 + length]
        at += 4 + len(payload)
        if choice >= NOISE:
            found += payload
        else:
            kind = kinds[choice % len(kinds)]
            payload = made(kind, payload)
            found += wire.HEADER.pack(len(payload), kind, wire.VERSION, 0, id % IDS, 1, 2, 3) + payload
    return bytes(found + data[at:])


def packed(kinds: tuple[int, ...], *frames: tuple[int, int, bytes]) -> bytes:
    """The inverse, for seeds."""
    return b"".join(
        bytes((kinds.index(kind), id)) + len(payload).to_bytes(2, "big") + payload for kind, id, payload in frames
    )


def as_a_server_has_it(kind: int, payload: bytes) -> bytes:
    """Fields and heads are JSON in an input and marshal on the wire: marshal that no server made may crash the worker's
    interpreter, which docs/adr/0012 accepts, so what is fuzzed is what it holds."""
    if kind == wire.REQUEST:
        return _fields(payload)
    if kind == wire.CALL:
        head, body = {}, payload
        with contextlib.suppress(wire.WireError):
            head, view = wire.unpack_headed(payload)
            body = bytes(view)
        return wire.pack_call(head, body if head.get("as") == "tensors" else _fields(body))
    if kind == wire.BATCH:
        with contextlib.suppress(wire.WireError):
            return wire.pack_batch([(id, _fields(bytes(body))) for id, body in wire.unpack_batch(_frame(payload))])
    return payload


def _frame(payload: bytes) -> wire.Frame:
    return wire.Frame(wire.BATCH, 0, payload, wire.NO_TIME)


def _fields(payload: bytes) -> bytes:
    try:
        return wire.pack_fields(orjson.loads(payload))
    except (json.JSONDecodeError, ValueError):
        return wire.pack_fields({})
