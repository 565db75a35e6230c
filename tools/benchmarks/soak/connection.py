"""A client that may be as slow, rude or broken as a test wants: bytes out, answers in."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

PATIENCE = 40.0
_RESET = struct.pack("ii", 1, 0)


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool  # False: a body in chunks that the server broke off

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Gone(Exception):
    """The server closed the connection where an answer was due."""


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, port: int, receives: int = 0) -> Connection:
        """``receives``: a small buffer, so that a slow reader is felt by the server."""
        sock = socket.socket()
        sock.setblocking(False)
        if receives:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(*await asyncio.open_connection(sock=sock, limit=receives or 1 << 16))

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send_slowly(self, data: bytes, size: int, pause: float) -> None:
        for at in range(0, len(data), size):
            await self.send(data[at : at + size])
            await asyncio.sleep(pause)

    def end_sending(self) -> None:
        self._writer.write_eof()

    def reset(self) -> None:
        """As a process that dies: what is on its way is lost."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def head(self) -> tuple[int, dict[str, str]]:
        try:
            lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError as error:
            raise Gone(f"after {error.partial[:80]!r}") from None
        headers = dict(line.split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split(" ")[1]), headers

    async def chunks(self) -> AsyncIterator[bytes]:
        """Of a chunked body; Gone when it is broken off."""
        try:
            while True:
                size = int(await self._reader.readline() or b"x", 16)
                chunk = await self._reader.readexactly(size + 2)
                if not size:
                    return
                yield chunk[:-2]
        except (asyncio.IncompleteReadError, ValueError):
            raise Gone("within a body") from None

    async def answer(self, pause: float = 0.0) -> Answer:
        """``pause``: between two reads of 64 KiB, for who reads slowly."""
        return await self.rest(*await self.head(), pause)

    async def rest(self, status: int, headers: dict[str, str], pause: float = 0.0) -> Answer:
        body = bytearray()
        if headers.get("transfer-encoding") == "chunked":
            try:
                async for chunk in self.chunks():
                    body += chunk
            except Gone:
                return Answer(status, headers, bytes(body), False)
            return Answer(status, headers, bytes(body), True)
        missing = int(headers["content-length"])
        try:
            while missing:
                body += await self._reader.readexactly(min(missing, 65536) if pause else missing)
                missing = int(headers["content-length"]) - len(body)
                await asyncio.sleep(pause)
        except asyncio.IncompleteReadError:
            raise Gone("within a body") from None
        return Answer(status, headers, bytes(body), True)

    async def ended(self) -> bool:
        """Whether the server has nothing more to say."""
        return not await self._reader.read(1)


def request(path: str, body: bytes, *headers: str, method: str = "POST", length: int | None = None) -> bytes:
    """``length``: another one than the body has."""
    lines = [f"{method} {path} HTTP/1.1", "host: soak", f"content-length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def fields(**values: Any) -> bytes:
    return json.dumps(values).encode()
