"""A client on a connection without a socket, and a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from bundle_runtime.server.http import connection as http
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.server import Server


class Clock:
    """The running loop with a time of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)


class Transport:
    def __init__(self) -> None:
        self.sent = b""
        self.ended = ""

    def write(self, data: bytes) -> None:
        self.sent += data

    def writelines(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = "eof"

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def get_write_buffer_size(self) -> int:
        return 0


LIMITS = Limits(10_000_000)


class Client:
    def __init__(self, limits: Limits = LIMITS) -> None:
        self.clock = Clock()
        loop = cast(asyncio.AbstractEventLoop, self.clock)
        options = {"max_concurrency": 1, "queue_limit": 1, "timeout_seconds": 9.0, "stall_seconds": 60.0}
        self.server = Server(loop, {}, "sha256:0", limits=limits, **options)  # type: ignore[arg-type]
        self.connect()

    def connect(self) -> None:
        self.connection = http.HttpConnection(self.server, cast(asyncio.AbstractEventLoop, self.clock))
        self.transport = Transport()
        self.connection.connection_made(cast(asyncio.Transport, self.transport))

    def sends(self, data: bytes) -> None:
        self.connection.data_received(data)

    def waits(self, seconds: float) -> None:
        self.clock.now += seconds
        self.server.tick()

    @property
    def status(self) -> int | None:
        return int(self.transport.sent.split(b" ")[1]) if self.transport.sent else None


HEALTH = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


PREDICT = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


def bodies(client: Client) -> list[bytes]:
    return [part.split(b"\r\n\r\n", 1)[1] for part in client.transport.sent.split(b"HTTP/1.1 ")[1:]]


async def turns(number: int) -> None:
    """Of the loop: what is large is read and parsed in several."""
    for _ in range(number):
        await asyncio.sleep(0)


async def answered(transport: Transport) -> None:
    """Once there is something: another process may have to read the body before."""
    for _ in range(6000):
        if transport.sent:
            return
        await asyncio.sleep(0.01)
