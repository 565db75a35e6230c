"""Clients that end at each byte in turn: of what they send, and of what they are sent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from tools.testkit.hostile.client import PATIENCE, chunked, connected, post
from tools.testkit.hostile.connections import LEFT
from tools.testkit.hostile.row import Act, Target, row

STREAM_BYTES = 400  # a head and the first items
AT_ONCE = 20


def _each(count: int, at: Callable[[Target, int], Coroutine[Any, Any, None]]) -> Act:
    """One client for each of so many bytes, some side by side."""

    async def act(target: Target) -> str:
        for first in range(0, count, AT_ONCE):
            await asyncio.gather(*(at(target, byte) for byte in range(first, min(count, first + AT_ONCE))))
        return LEFT

    return act


def sends_up_to_each_byte(sent: bytes) -> Act:
    """The first byte, then the first two on another connection, and so on."""

    async def at(target: Target, byte: int) -> None:
        async with connected(target) as client:
            with contextlib.suppress(ConnectionError):
                await client.send(sent[: byte + 1])

    return _each(len(sent) - 1, at)


def reads_up_to_each_byte(sent: bytes, count: int) -> Act:
    """The same of an answer."""

    async def at(target: Target, byte: int) -> None:
        async with connected(target, receives=2048) as client:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await client.send(sent)
                    await client.reader.readexactly(byte + 1)

    return _each(count, at)


EVENTS = post(b'{"items":3}', "accept: text/event-stream")
CHUNKS = chunked() + b'3;a=b\r\n{"x\r\n4\r\n":1}\r\n0\r\nt: u\r\n\r\n'

ROWS = (
    row("gone at each byte of a request", LEFT, sends_up_to_each_byte(post(b'{"x":1}')), 20),
    row("gone at each byte of chunks", LEFT, sends_up_to_each_byte(CHUNKS), 20),
    row("gone at each byte of an answer", LEFT, reads_up_to_each_byte(post(b'{"x":1}'), 200), 30),
    row("gone at each byte of a stream", LEFT, reads_up_to_each_byte(EVENTS, STREAM_BYTES), 30),
)
