"""A very large body in the parts that it came in: to make one of 64 MiB of them takes 30 ms, in which nobody else is
served. The process that reads it does so, which it is sent to (predict/beside.py); where it is not read, nobody does.

It stands where the bytes would, in an exchange: what is asked of it on the way is how long it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

JOINED_MAX_BYTES = 4 * 1024 * 1024  # of a body that is made one at once, in 2 ms


class Parts:
    """``parts`` are what there is of the body, in its order."""

    __slots__ = ("parts", "size")

    def __init__(self, parts: Sequence[bytes], size: int) -> None:
        self.parts = parts
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return b"".join(self.parts)


def joined(parts: Sequence[bytes], size: int) -> bytes:
    """The body of those parts; a Parts where it is very large: bytes() of either is the whole."""
    return b"".join(parts) if size <= JOINED_MAX_BYTES else cast(bytes, Parts(parts, size))


def parts_of(body: bytes) -> Sequence[bytes]:
    """What joined() made one."""
    return body.parts if isinstance(body, Parts) else (body,)
