"""Compressed bodies that cost more to read than to send."""

from __future__ import annotations

import gzip
import random
import zlib
from typing import Any, cast

import pytest

from bundle_runtime.server.http.content_coding import MEMBER_BYTES, MEMBERS_MAX, STEP_BYTES, Undecodable, decoding
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.parts import joined
from bundle_runtime.server.memory import Memory, TooMuch
from tools.testkit.cost import units

MIB = 1024 * 1024
LIMIT = 64 * MIB
EMPTY = gzip.compress(b"", mtime=0)


def steps(content: bytes, limit: int = LIMIT, *, is_text: bool = True) -> tuple[int, bytes]:
    """How many times others have their turn, and the body."""
    exchange = Exchange(cast(Any, None), 0.0)
    exchange.headers.append((b"content-encoding", b"gzip"))
    exchange.body = content
    work, count = decoding(exchange, Memory(1 << 30), limit, is_text=is_text), 0
    while True:
        try:
            next(work)
        except StopIteration as done:
            return count, bytes(done.value)  # of a very large one, made of its parts
        count += 1


def body(content: bytes, limit: int = LIMIT) -> bytes:
    return steps(content, limit)[1]


def test_members_are_one_body_wherever_they_end() -> None:
    parts = [bytes([65 + number % 26]) * (number * 97 % 70_000) for number in range(200)]
    assert body(b"".join(gzip.compress(part) for part in parts)) == b"".join(parts)
    assert body(EMPTY * MEMBERS_MAX) == b""
    assert body(zlib.compress(b"x" * 100_000)) == b"x" * 100_000
    assert body(b"") == b""


def test_a_very_large_body_is_read_as_it_came() -> None:
    content = random.Random(0).randbytes(6 * MIB)
    whole = gzip.compress(content, 1)
    pieces = [whole[at : at + 99_999] for at in range(0, len(whole), 99_999)]
    assert body(joined(pieces, len(whole))) == content


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


def test_others_have_their_turn_after_each_step_however_much_a_byte_becomes() -> None:
    size = 20 * STEP_BYTES
    for content in (gzip.compress(b" " * size), gzip.compress(random.Random(1).randbytes(size), 1)):
        count, found = steps(content, is_text=False)
        assert len(found) == size
        assert 18 <= count <= 21
    assert steps(gzip.compress(b" " * 100_000))[0] == 0


def test_others_have_their_turn_between_members_that_hold_nothing() -> None:
    a_step = STEP_BYTES // MEMBER_BYTES
    count, found = steps(EMPTY * MEMBERS_MAX)
    assert (count, found) == (MEMBERS_MAX // a_step, b"")
    assert steps(EMPTY * (a_step - 1))[0] == 0


@pytest.mark.parametrize("value", ["[]", "{}", "0", '""', "[[0]]"])
def test_a_text_that_will_never_be_parsed_is_decompressed_no_further(value: str) -> None:
    content = gzip.compress(b'{"x":[%b]}' % (f"{value},".encode() * (60 * MIB // (len(value) + 1))))
    with pytest.raises(TooMuch, match=r"memory.*send less in one request"):
        steps(content, 40 * MIB)  # before that is reached


@pytest.mark.parametrize("size", [1, 100, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 3 * STEP_BYTES])
def test_what_ends_with_a_step_is_whole(size: int) -> None:
    for content in (b"a" * size, random.Random(size).randbytes(size)):
        assert body(gzip.compress(content) * 2) == content * 2
