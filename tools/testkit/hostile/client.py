"""A client that is as rude as its row wants: bytes out as they are, and what came back as an outcome."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Iterable

from tools.testkit.hostile.row import Act, Target, outcome

PATIENCE = 60.0  # of an answer that has to come
_RESET = struct.pack("ii", 1, 0)
_LINE_MAX_BYTES = 500  # of a piece, in which the model's name may stand
MODEL = b"{model}"


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def reset(self) -> None:
        """As a process that dies: nothing more is sent or read, and no port stays taken."""
        found = self.writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()

    async def answers(self, wanted: int) -> str:
        """The outcome, once so many answers are here or the connection has ended."""
        statuses: list[int] = []
        closes = False
        try:
            while len(statuses) < wanted or closes:
                status, closes = await self._answer()
                if closes:
                    wanted = len(statuses) + 2  # that there is none more is to be seen
                statuses.append(status)
        except asyncio.IncompleteReadError as error:
            return outcome(statuses, "broken" if error.partial else "closed")
        except ConnectionError:
            return outcome(statuses, "reset")
        return outcome(statuses, "open")

    async def _answer(self) -> tuple[int, bool]:
        """Its status, and whether it is the last one of the connection."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        if b"\r\ntransfer-encoding: chunked" in head:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                await self._skip(size + 2)
            await self._skip(2)
        elif b"\r\ncontent-length: " in head:
            await self._skip(int(head.split(b"\r\ncontent-length: ", 1)[1].split(b"\r\n", 1)[0]))
        return status, b"\r\nconnection: close" in head

    async def _skip(self, size: int) -> None:
        while size:
            data = await self.reader.read(min(size, 1 << 18))
            if not data:
                raise asyncio.IncompleteReadError(b"x", size)
            size -= len(data)


@contextlib.asynccontextmanager
async def connected(target: Target, receives: int = 0) -> AsyncIterator[Client]:
    """``receives``: the bytes that the kernel takes for a client that reads slowly."""
    sock = await opened(target, receives)
    client = Client(*await asyncio.open_connection(sock=sock, limit=1 << 16))
    try:
        yield client
    finally:
        client.reset()


async def opened(target: Target, receives: int = 0) -> socket.socket:
    """A bare socket, for who has thousands."""
    made = socket.socket()
    made.setblocking(False)
    if receives:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
    try:
        await asyncio.get_running_loop().sock_connect(made, (target.host, target.port))
    except BaseException:
        made.close()
        raise
    return made


def reset(made: socket.socket) -> None:
    """The end of a bare socket."""
    with contextlib.suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    made.close()


def sends(*pieces: bytes, wanted: int = 1, gap: float = 0.0) -> Act:
    """The pieces one after the other, ``gap`` seconds between two of them; {model} is the model's name. While it sends
    it reads, so that a refusal is seen that comes before the end."""

    async def act(target: Target) -> str:
        return await talk(target, pieces, wanted, gap)

    return act


async def talk(target: Target, pieces: Iterable[bytes], wanted: int = 1, gap: float = 0.0) -> str:
    """What sends() does, for pieces that are made when they are sent."""
    async with connected(target) as client:
        writing = asyncio.create_task(_write(client, pieces, target.model.encode(), gap))
        try:
            async with asyncio.timeout(PATIENCE):
                return await client.answers(wanted)
        except TimeoutError:
            return "no answer"
        finally:
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)


async def _write(client: Client, pieces: Iterable[bytes], model: bytes, gap: float) -> None:
    with contextlib.suppress(ConnectionError):  # what counts is the answer
        for piece in pieces:
            line = piece[:_LINE_MAX_BYTES]
            await client.send(line.replace(MODEL, model) + piece[_LINE_MAX_BYTES:] if MODEL in line else piece)
            await asyncio.sleep(gap)


def lines(first: str, *headers: str | bytes, host: bool = True) -> bytes:
    """A head, and its empty line."""
    all_of_them = [first, *(["host: x"] if host else []), *headers]
    return (
        b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1") for line in all_of_them) + b"\r\n\r\n"
    )


def post(body: bytes, *headers: str | bytes, path: str = "/predict", length: bool = True) -> bytes:
    """A whole request."""
    return lines(f"POST {path} HTTP/1.1", *([f"content-length: {len(body)}"] if length else []), *headers) + body


def chunked(*headers: str | bytes, path: str = "/predict") -> bytes:
    """The head of a request whose body comes in chunks."""
    return post(b"", "transfer-encoding: chunked", *headers, path=path, length=False)


CLOSE = "connection: close"
HEALTH = lines("GET /healthz HTTP/1.1")
LAST = lines("GET /healthz HTTP/1.1", CLOSE)
