"""Compressed bodies that cost more to read than to send."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, cast

import pytest

from bundle_runtime.server.http.content_coding import MEMBERS_MAX, Undecodable, decoded
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import Memory, TooMuch
from tools.testkit.cost import units

LIMIT = 64 * 1024 * 1024
EMPTY = gzip.compress(b"", mtime=0)


def body(content: bytes, limit: int = LIMIT) -> bytes:
    memory = Memory(1 << 30)
    exchange = Exchange(cast(Any, None), 0.0)
    exchange.headers.append((b"content-encoding", b"gzip"))
    exchange.body = content
    return decoded(exchange, memory, limit)


def test_members_are_one_body_wherever_they_end() -> None:
    parts = [bytes([65 + number % 26]) * (number * 97 % 70_000) for number in range(200)]
    assert body(b"".join(gzip.compress(part) for part in parts)) == b"".join(parts)
    assert body(EMPTY * MEMBERS_MAX) == b""
    assert body(zlib.compress(b"x" * 100_000)) == b"x" * 100_000
    assert body(b"") == b""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (EMPTY * (MEMBERS_MAX + 1), "parts"),
        (EMPTY[:-1], "ends early"),
        (EMPTY + b"x", "ends early"),
        (EMPTY + b"noise", "not gzip"),
    ],
    ids=["many", "cut", "begun", "noise"],
)
def test_what_is_no_compressed_body(content: bytes, says: str) -> None:
    with pytest.raises(Undecodable, match=says) as raised:
        body(content)
    assert raised.value.code == "BadRequest"


def test_the_limit_is_that_of_all_members() -> None:
    content = gzip.compress(b"x" * 500) * 2
    assert len(body(content, 1000)) == 1000
    with pytest.raises(TooMuch, match=r"serving\.maxRequestBytes") as raised:
        body(content, 999)
    assert raised.value.code == "BodyTooLarge"


@pytest.mark.parametrize("member", [EMPTY, gzip.compress(b"x" * 50)], ids=["empty", "small"])
def test_as_many_empty_members_as_a_body_holds_are_refused_at_once(member: bytes) -> None:
    content = member * (LIMIT // len(member))

    def refused() -> None:
        with pytest.raises(Undecodable):
            body(content)

    assert units(refused) < 12
