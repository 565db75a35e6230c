"""Bytes of a fuzzer as frames: most of them well formed with any payload, some of them noise."""

from __future__ import annotations

from bundle_runtime import wire

IDS = 6
NOISE = 224


def stream(data: bytes, kinds: tuple[int, ...]) -> bytes:
    """Two bytes choose kind and id (or noise), two are a length, then so many bytes of payload."""
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
            header = wire.HEADER.pack(len(payload), kinds[choice % len(kinds)], wire.VERSION, 0, id % IDS, 7)
            found += header + payload
    return bytes(found + data[at:])


def packed(kinds: tuple[int, ...], *frames: tuple[int, int, bytes]) -> bytes:
    """The inverse, for seeds."""
    return b"".join(
        bytes((kinds.index(kind), id)) + len(payload).to_bytes(2, "big") + payload for kind, id, payload in frames
    )
