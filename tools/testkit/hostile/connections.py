"""One connection that is slow, half, reset, or never used."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Iterable

from tools.testkit.hostile.client import PATIENCE, Client, chunked, connected, lines, post, sends
from tools.testkit.hostile.row import Act, Target, row

SLOW = 45.0  # longer than a request may take to arrive
HELD = 5.0  # that a client stays without a use for its connection
LEFT = "left"  # what a client calls it when it went without waiting
BODY = b'{"y":"%b"}' % (b"a" * 60_000)


def drips(begin: bytes, piece: bytes, gap: float, wanted: int = 1) -> Act:
    """A request of which one piece comes now and then."""
    return sends(begin, *[piece] * int(SLOW / gap), wanted=wanted, gap=gap)


def leaves(*pieces: bytes, after: float = 0.0, times: int = 20) -> Act:
    """Again and again a client that sends this much, and dies."""

    async def act(target: Target) -> str:
        for _ in range(times):
            async with connected(target) as client:
                with contextlib.suppress(ConnectionError):
                    for piece in pieces:
                        await client.send(piece)
                await asyncio.sleep(after * random.random())
        return LEFT

    return act


def half_closed(*pieces: bytes, wanted: int = 1) -> Act:
    """A client that says that it sends no more."""

    async def does(client: Client) -> str:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                await client.send(piece)
            client.writer.write_eof()
        return await client.answers(wanted)

    return _connected(does)


def reads(sent: bytes, size: int, gap: float, rounds: int) -> Act:
    """A client that takes so many bytes of its answers each ``gap`` seconds, and leaves after so many rounds."""

    async def does(client: Client) -> str:
        client.writer.write(sent)
        for _ in range(rounds):
            await asyncio.sleep(gap)
            if size and not await client.reader.read(size):
                return "ended"
        return "held"

    return _connected(does, receives=4096)


def holds(*pieces: bytes) -> Act:
    """A client that sends this much, and waits for a while."""

    async def does(client: Client) -> str:
        for piece in pieces:
            await client.send(piece)
        try:
            async with asyncio.timeout(HELD):
                return await client.answers(1)
        except TimeoutError:
            return "held"

    return _connected(does)


def _connected(does: Callable[[Client], Awaitable[str]], receives: int = 0) -> Act:
    async def act(target: Target) -> str:
        async with connected(target, receives) as client:
            try:
                async with asyncio.timeout(PATIENCE):
                    return await does(client)
            except ConnectionError:
                return "ended"
            except TimeoutError:
                return "held"

    return act


def at_once(acts: Iterable[Act]) -> Act:
    """All of them side by side: the outcomes, each once."""

    async def act(target: Target) -> str:
        found = await asyncio.gather(*(each(target) for each in acts))
        return "+".join(sorted(set(found)))

    return act


HEAD = lines("POST /predict HTTP/1.1", "content-length: 100")
LATE = "408 closed"
ALIVE = "held | ended"  # both are right: what counts is what others see
ASKS_MUCH = post(b'{"size":10000000}')
PAGES = b"".join(lines(f"GET {path} HTTP/1.1") for path in ("/docs", "/openapi.json")) * 100

ROWS = (
    row("a head byte by byte", LATE, drips(b"GET /healthz HTTP/1.1\r\nhost: x\r\nx: ", b"a", 0.5), slow=True),
    row("a head line by line", LATE, drips(b"GET /healthz HTTP/1.1\r\nhost: x\r\n", b"a: b\r\n", 0.5), slow=True),
    row("a body byte by byte", LATE, drips(HEAD, b" ", 0.5), slow=True),
    row("chunks byte by byte", LATE, drips(chunked(), b"1\r\n \r\n", 0.5), slow=True),
    row("a chunk's extension byte by byte", LATE, drips(chunked() + b"1;a=", b"b", 0.5), slow=True),
    row("a trailer byte by byte", LATE, drips(chunked() + b"2\r\n{}\r\n0\r\na: ", b"b", 0.5), slow=True),
    row("a body that stops", LATE, sends(HEAD, b"{"), slow=True),
    row(
        "60 MiB announced and none sent",
        LATE,
        sends(lines("POST /predict HTTP/1.1", "content-length: 60000000")),
        slow=True,
    ),
    row("empty lines and no request", "held", holds(*[b"\r\n"] * 10), 5, slow=True),
    row("a connection that is never used", "held", holds(), 5, slow=True),
    row("half a request line", "held", holds(b"GET /hea"), 5, slow=True),
    row("an end before a request", "gone", half_closed()),
    row("an end within a head", "gone", half_closed(b"GET / HTTP/1.1\r\nhost")),
    row("an end within a body", "gone", half_closed(post(BODY)[:-1])),
    row("an end within a chunk", "gone", half_closed(chunked(), b"ff\r\nabc")),
    row("an end behind a request", "gone | 200 open", half_closed(post(b'{"x":1}'))),
    row("connected and gone", LEFT, leaves(times=50)),
    row("gone within a head", LEFT, leaves(b"GET / HTTP/1.1\r\nx: y\r\n")),
    row("gone within a body", LEFT, leaves(post(BODY)[:-100])),
    row("gone within a chunk", LEFT, leaves(chunked(), b"fff\r\n" + b"a" * 100)),
    row("gone before the answer", LEFT, leaves(post(b'{"wait":0.001}'), after=0.01)),
    row("gone within a large answer", LEFT, leaves(post(b'{"size":1000000}'), after=0.05, times=5), 5),
    row("gone within a stream", LEFT, leaves(post(b'{"items":100}', "accept: text/event-stream"), after=0.05, times=5)),
    row("gone between pages", LEFT, leaves(PAGES, after=0.05, times=3), 5),
    row("a large answer that nobody reads", ALIVE, reads(ASKS_MUCH, 0, 1.0, 10), 30),
    row("a large answer read byte by byte", ALIVE, reads(ASKS_MUCH, 1, 0.5, 20), 30),
    row("pages that nobody reads", ALIVE, reads(PAGES, 0, 1.0, 10), 10),
    row("pages read byte by byte", ALIVE, reads(PAGES, 1, 0.5, 20), 10),
    row("a stream that nobody reads", ALIVE, reads(post(b'{"items":100}'), 0, 1.0, 5), 20),
    row(
        "one id in eight requests",
        "200 closed",
        at_once([sends(post(b'{"wait":0.001}', "x-request-id: same", "connection: close"))] * 8),
        5,
    ),
)
