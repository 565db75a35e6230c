"""A stream of bytes in pieces: the same ones for the same number."""

from __future__ import annotations

import random

WHOLE = 0
EACH_BYTE = 1


def pieces(data: bytes, number: int) -> list[bytes]:
    """0: in one piece; 1: byte by byte; otherwise of sizes that the number decides."""
    if number == WHOLE:
        return [data]
    if number == EACH_BYTE:
        return [data[at : at + 1] for at in range(len(data))]
    sizes = random.Random(number)
    largest = sizes.choice((3, 20, 200, 3000))
    found = []
    at = 0
    while at < len(data):
        size = sizes.randint(1, largest)
        found.append(data[at : at + size])
        at += size
    return found
