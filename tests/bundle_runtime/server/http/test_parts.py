"""Very large bodies, which stay in the parts that they came in until they are read."""

from __future__ import annotations

import pytest

from bundle_runtime.server.http.body import BodyBuffer
from bundle_runtime.server.http.parts import JOINED_MAX_BYTES, Parts, joined, parts_of
from bundle_runtime.server.memory import Memory

MIB = 1024 * 1024
HALF = b"a" * (JOINED_MAX_BYTES // 2)


@pytest.mark.parametrize(("parts", "in_parts"), [([HALF, HALF], False), ([HALF, HALF, b"b"], True)])
def test_only_a_very_large_body_stays_in_parts(parts: list[bytes], in_parts: bool) -> None:
    body = joined(parts, sum(map(len, parts)))
    assert isinstance(body, Parts) == in_parts
    assert len(body) == sum(map(len, parts))
    assert bytes(body) == b"".join(parts) == b"".join(parts_of(body))


def test_what_has_come_is_the_body_however_it_was_cut() -> None:
    buffer = BodyBuffer(Memory(1024 * MIB), 64 * MIB)
    pieces = [bytes([number % 256]) * (number * 9973 % 70_000) for number in range(300)]
    for piece in pieces:
        buffer.add(piece)
    body = buffer.take("holder")
    assert isinstance(body, Parts)
    assert bytes(body) == b"".join(pieces)
    buffer.add(b"the next one")
    assert buffer.take("holder") == b"the next one"
