"""Large bodies: parsing, checking and packing one takes tenths of a second, so a process beside this one does it
(long_reads.py says of which).

One at a time, in the order in which they came; each waits with its body, which memory counts. Small requests do not
come by here: they are sent to the worker meanwhile, and so overtake.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from mmap import mmap
from typing import Any, Protocol

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.parts import parts_of
from bundle_runtime.server.memory import Memory, TooMuch
from bundle_runtime.server.predict import beside, job
from bundle_runtime.server.predict.codec import Codec
from bundle_runtime.server.predict.forker import NO_PROCESS, Forker
from bundle_runtime.server.refusal import Refused

_RECEIVE_BYTES = 64 * 1024
HEED_SECONDS = 1.0  # for a process to end that is to be killed


class Reader(beside.Reads, Protocol):
    """Who has bodies read."""

    def known(self) -> Any:
        """Of the worker, for the process that reads."""

    def was_read(self, exchange: Exchange, codec: Codec, kind: int, payload: memoryview, size: int) -> None:
        """Read elsewhere; ``payload`` is all of it when that is ``size``."""

    def was_refused(self, exchange: Exchange, refusal: Refused) -> None:
        """The other end of that."""

    def was_not_read(self, exchange: Exchange, code: str, error: str) -> None:
        """``error`` is for the log, where there is one: none in time, or a mistake of this server's."""

    def left(self, exchange: Exchange) -> None:
        """Its client has gone."""


class LargeBodies:
    """``timeout_seconds`` is what each may wait, and then may take."""

    def __init__(self, memory: Memory, reader: Reader, timeout_seconds: float) -> None:
        self._memory = memory
        self._reader = reader
        self._timeout = timeout_seconds
        self._waiting: deque[_Body] = deque()
        self._running: _Body | None = None
        self._forker = Forker(partial(beside.run, memory, reader))
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """Before there are clients; what is not begun here is with the first large body."""
        with contextlib.suppress(OSError):
            self._forker.begin()

    def read(self, exchange: Exchange, codec: Codec) -> None:
        """Now, or when those before it have been read."""
        body = _Body(exchange, codec)
        body.times(self._timeout, partial(self._too_late, body))
        exchange.cancel = partial(self._client_gone, body)
        self._waiting.append(body)
        self._idle.clear()
        self._next()

    async def idle(self) -> None:
        """Returns when none is read, and none waits."""
        await self._idle.wait()

    def _client_gone(self, body: _Body) -> None:
        exchange, body.exchange = body.exchange, None
        self._kill(body)
        if exchange is not None:
            self._reader.left(exchange)

    def _kill(self, body: _Body) -> None:
        """Its process, if it has one. Where that does not end the one that forks does: others wait behind it."""
        if body is self._running:
            self._forker.kill()
            body.times(HEED_SECONDS, partial(self._give_up, body))
        else:
            body.stop_timer()

    def _next(self) -> None:
        while self._running is None and self._waiting:
            body = self._waiting.popleft()
            if body.exchange is not None:
                self._start(body, body.exchange)
        if self._running is None:
            self._idle.set()

    def _start(self, body: _Body, exchange: Exchange) -> None:
        codec = body.codec
        try:
            sock, payload = self._forker.start(type(codec).__module__)
        except OSError as error:
            self._cannot_start(body, str(error))
            return
        self._running = body
        body.run(sock, payload)
        body.times(self._timeout, partial(self._too_late, body))
        asyncio.get_running_loop().add_reader(sock, self._hear, body)

    def _cannot_start(self, body: _Body, error: str) -> None:
        print(f"server: no process for a large body, which is read here: {error}", file=sys.stderr, flush=True)
        self._end(body, partial(self._read_here, body.codec))

    def _tell_it(self, body: _Body) -> None:
        """The process has begun."""
        exchange = body.exchange
        if exchange is None:
            return
        held = self._memory.held + self._memory.elsewhere()
        told = job.Job(job.request_of(exchange), body.codec, len(exchange.body), self._reader.known(), held)
        content = job.packed(told, {"memory": self._memory, "reader": self._reader})
        body.send([beside.framed(content), *parts_of(exchange.body)])
        exchange.body = b""  # the process has it, and memory counts it still

    def _read_here(self, codec: Codec, exchange: Exchange) -> None:
        try:
            kind, payload = self._read(exchange, codec)
        except Refused as refusal:
            self._reader.was_refused(exchange, refusal)
        else:
            self._reader.was_read(exchange, codec, kind, memoryview(payload), len(payload))

    def _read(self, exchange: Exchange, codec: Codec) -> tuple[int, bytes]:
        exchange.body = bytes(exchange.body)
        return self._reader.read(exchange, codec)

    def _too_late(self, body: _Body) -> None:
        self._kill(body)
        self._end(body, partial(self._reader.was_not_read, code="DeadlineExceeded", error=""))

    def _end(self, body: _Body, how: Callable[[Exchange], None]) -> None:
        """Of the body; its process may go on for a moment."""
        exchange, body.exchange = body.exchange, None
        if exchange is not None:
            exchange.cancel = None
            self._memory.release(exchange)
            if body is not self._running:
                body.stop_timer()
            how(exchange)

    def _hear(self, body: _Body) -> None:
        assert body.socket is not None
        try:
            data = body.socket.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._ended(body)
            return
        body.received += data
        for said, *what in beside.unpacked(body.received):
            if said == beside.BEGUN:
                self._tell_it(body)
            elif said == beside.NEEDS:
                self._needs(body, *what)
            else:
                self._end(body, partial(self._tell, body, said, what))

    def _needs(self, body: _Body, size: int, what: str, own: int, code: str) -> None:
        """The most that it needs at any time is the process's until it ends."""
        held = self._memory.holders.get(body, 0)
        self._memory.release(body)  # as where there is no process: needs() is about one thing at a time
        refused = None
        try:
            self._memory.needs(size, what, own, code)
            held = max(held, size)
        except TooMuch as refusal:
            refused = refusal.code, str(refusal)
        self._memory.hold(body, held)
        assert body.socket is not None
        with contextlib.suppress(OSError):  # it was killed
            body.socket.send(beside.packed(refused))

    def _tell(self, body: _Body, said: str, what: list[Any], exchange: Exchange) -> None:
        if said == beside.READ:
            kind, size, remembered = what
            for name, value in remembered.items():
                setattr(body.codec, name, value)
            assert body.payload is not None
            self._reader.was_read(exchange, body.codec, kind, memoryview(body.payload)[:size], size)
        elif said == beside.REFUSED:
            self._reader.was_refused(exchange, Refused(*what))
        else:
            self._reader.was_not_read(exchange, "InternalError", what[0])

    def _ended(self, body: _Body) -> None:
        """The process has, as it should or not."""
        body.ended(asyncio.get_running_loop())
        self._over(body, self._forker.exit_code())

    def _give_up(self, body: _Body) -> None:
        """Its process, and the one that forks: whatever holds its socket, the next one begins with others."""
        self._forker.end()
        body.ended(asyncio.get_running_loop())
        self._over(body, -signal.SIGKILL)

    def _over(self, body: _Body, status: int) -> None:
        self._memory.release(body)
        self._running = None
        if status == NO_PROCESS:
            self._cannot_start(body, "the limit of processes")
        error = f"the process that read a large body has ended ({status}): when it was killed, often for want of memory"
        self._end(body, partial(self._reader.was_not_read, code="InternalError", error=error))
        self._next()


class _Body:
    """One request's. ``exchange`` is None once it has its answer, or nobody waits for it."""

    def __init__(self, exchange: Exchange, codec: Codec) -> None:
        self.exchange: Exchange | None = exchange
        self.codec = codec
        self.received = bytearray()
        self.socket: socket.socket | None = None
        self.payload: mmap | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def times(self, seconds: float, call: Callable[[], None]) -> None:
        """``call`` then, unless another follows before."""
        self.stop_timer()
        self._timer = asyncio.get_running_loop().call_later(seconds, call)

    def stop_timer(self) -> None:
        """What it was to call is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def run(self, sock: socket.socket, payload: mmap) -> None:
        """Its process begins."""
        self.socket, self.payload = sock, payload

    def send(self, parts: list[bytes]) -> None:
        """To its process, as it takes them: each is let go when it has gone."""
        self._sending = asyncio.create_task(self._send(parts))

    async def _send(self, parts: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        parts.reverse()
        assert self.socket is not None
        with contextlib.suppress(OSError):  # it was killed
            while parts:
                await loop.sock_sendall(self.socket, parts.pop())

    def ended(self, loop: asyncio.AbstractEventLoop) -> None:
        """Its process has."""
        assert self.socket is not None
        if self._sending is not None:
            self._sending.cancel()
        loop.remove_reader(self.socket)
        self.socket.close()
        self.stop_timer()
        self.payload = None
