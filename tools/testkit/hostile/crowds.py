"""Many connections of one client at once: idle, half, full, unread. Right is what others see meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from tools.testkit.hostile.client import PATIENCE, chunked, lines, opened, post, reset
from tools.testkit.hostile.connections import ALIVE, BODY, PAGES
from tools.testkit.hostile.row import Act, Row, Target, row

IDLE = 5000  # more than a server of 1 GiB has
MANY = 3000
SOME = 100
FEW = 4  # that ask the model: more would take the queue's places, which is no attack
KEPT = 8.0
MIB = 1 << 20
WAITS = 0.002  # between two of them: no client has a machine of its own


def crowd(count: int, *sent: bytes) -> Act:
    """So many connections that each send as much as is taken of the pieces, are kept, and are reset."""

    async def act(target: Target) -> str:
        kept: list[socket.socket] = []
        writing: list[asyncio.Task[None]] = []
        try:
            for number in range(count):
                with contextlib.suppress(OSError):
                    kept.append(await opened(target, 4096))
                    if sent:
                        writing.append(asyncio.create_task(_write(kept[-1], sent)))
                if number % 10 == 0:
                    await asyncio.sleep(10 * WAITS)
            await asyncio.sleep(KEPT)
            return "held" if all(map(_is_open, kept)) and len(kept) == count else "ended"
        finally:
            for task in writing:
                task.cancel()
            await asyncio.gather(*writing, return_exceptions=True)
            for each in kept:
                reset(each)

    return act


async def _write(to: socket.socket, pieces: tuple[bytes, ...]) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                await loop.sock_sendall(to, piece)


def _is_open(made: socket.socket) -> bool:
    """It has neither been ended by the server nor been answered."""
    try:
        made.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _crowd(name: str, count: int, *pieces: bytes, pause: float = 30.0) -> Row:
    return row(f"{name}, {count}", ALIVE, crowd(count, *pieces), pause)


HALF_BODY = post(BODY)[:-1]
LARGE = lines("POST /predict HTTP/1.1", f"content-length: {60 * MIB}")
HALF_HEADS = lines("GET /healthz HTTP/1.1", *["a: b"] * 100)[:-2]

ROWS = (
    _crowd("idle connections", IDLE),
    _crowd("half heads of a hundred headers", MANY, HALF_HEADS),
    _crowd("bodies of 60 KB without their last byte", MANY, HALF_BODY),
    _crowd("chunks of 60 KB without an end", MANY, chunked() + b"1\r\na\r\n" * 200 + b"f000\r\n" + b"a" * 60_000),
    _crowd("unread pages with 1 MB of requests behind them", SOME, PAGES, *[post(BODY)] * 15),
    _crowd("pages that nobody reads", SOME, PAGES),
    _crowd("answers of 60 KB that nobody reads", FEW, *[post(b'{"size":60000}')] * 10),
    _crowd("answers of 10 MB that nobody reads", FEW, post(b'{"size":10000000}'), pause=120.0),
    _crowd("bodies of 60 MiB that stop before the end", 20, LARGE, *[b" " * MIB] * 59, pause=60.0),
    _crowd("bodies of 60 MiB that stop after 100 KB", 400, LARGE, b" " * 100_000),
)
