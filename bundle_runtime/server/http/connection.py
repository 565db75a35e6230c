"""HTTP/1.1 over one connection: parser.py takes the requests in, a handler answers them, this orders what is sent.

No packaged server carries all that a prediction needs within the time that it may cost (docs/adr has the figures). What
is here is what a front must not get wrong: responses in the order of the requests, and a slow client that holds nothing
but its own connection.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import cast

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.handler import Handler
from bundle_runtime.server.http.kept import Kept
from bundle_runtime.server.http.parser import STEP_BYTES, RequestParser
from bundle_runtime.server.lifecycle import SERVING
from bundle_spec.connection_age import CONNECTION_SECONDS

MAX_PIPELINED = 16  # requests that wait
ANSWERED_AT_ONCE = 4  # before other connections have a turn: of a hundred clients each may have sent as many
WRITE_SECONDS = 60.0
LINGER_SECONDS = 2.0
READ_BYTES = 256_000  # of a full read of uvloop, which reads on up to 32 times before another connection has its turn
EXPECTED_REQUEST_SECONDS = 1.0
JOIN_MAX_BYTES = 64 * 1024  # of a body that is copied to go out in one write with its head
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpConnection(asyncio.Protocol):
    """One client. At most one exchange is with the handler; what was pipelined behind it waits here."""

    def __init__(self, handler: Handler, loop: asyncio.AbstractEventLoop) -> None:
        self._handler = handler
        self._lifecycle = handler.lifecycle
        self._memory = handler.memory
        self._loop = loop
        self._parser = RequestParser(self, loop.time, handler.limits.request_bytes, handler.memory)
        self._transport: asyncio.Transport | None = None
        self._kept = Kept(handler.memory, self)
        self._queue: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._taken = 0  # requests, since other connections had a turn
        self._turn_comes = False
        self._ends_at = 0.0
        self._waiting_since = 0.0  # of the silent client, or the unread response
        self.writing_paused = False
        self.keepalive_announced = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._waiting_since = self._loop.time()
        # not all at once: clients that connected together would come back together
        self._ends_at = self._waiting_since + CONNECTION_SECONDS * random.uniform(0.8, 1.0)
        if not self._handler.connections.add(self):
            self._parser.stop()
            self._transport.write(self._handler.too_many())
            self._transport.close()

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._handler.connections.lost(self)

    def let_go(self) -> None:
        self._clear_queue()
        self._parser.release()
        self._kept.release()
        current, self._current = self._current, None
        if current is not None:
            self._memory.release(current)
            cancel, current.cancel, current.stream = current.cancel, None, None
            if cancel is not None:
                cancel()

    def data_received(self, data: bytes) -> None:
        self._taken = 0
        self._parser.feed(data)
        if self._parser.arriving or self._queue or self._kept.counts:
            self._kept.requests(self._parser.kept, paused=self._parser.paused)
        if len(data) > STEP_BYTES and (len(data) >= READ_BYTES or (self._parser.unparsed and self._parser.must_go_on)):
            self._read_later()

    def _read_later(self) -> None:
        """Other connections have their turn before."""
        if (transport := self._readable()) is not None:
            transport.pause_reading()
            self._loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._parser.must_go_on:
            self._parse_more()
        elif (transport := self._readable()) is not None:
            transport.resume_reading()

    def _parse_more(self) -> None:
        self._parser.resume()
        if not self._parser.paused:
            self._read_later()

    def _readable(self) -> asyncio.Transport | None:
        """The transport, where more may be read of it."""
        open = self._transport is not None and not self._transport.is_closing()
        return self._transport if open and not self._parser.paused else None

    def pause_writing(self) -> None:
        self.writing_paused = True
        self._waiting_since = self._loop.time()
        if self._transport is not None:
            self._kept.unread(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self.writing_paused = False
        self._kept.read()
        self._waiting_since = self._loop.time()
        self._parser.restart_clock()
        if self._current is not None and self._current.stream is not None:
            self._current.stream.resumed()
        self._run_queue()

    # called by the parser

    def arrived(self, exchange: Exchange) -> None:
        if self._current is None and not self._queue and not self.writing_paused and self._taken < ANSWERED_AT_ONCE:
            self._taken += 1
            self._current = exchange
            self._handler.handle(exchange)
            return
        if self._current is None:
            self._run_queue_soon()
        self._queue.append(exchange)
        self._kept.waits(exchange, self._parser.head_size)
        if len(self._queue) >= MAX_PIPELINED and not self._parser.paused and self._transport is not None:
            self._parser.paused = True
            self._transport.pause_reading()

    def send_continue(self) -> None:
        if self._transport is not None and self._current is None and not self._queue:
            self._transport.write(CONTINUE)

    def _run_queue_soon(self) -> None:
        if not self._turn_comes:
            self._turn_comes = True
            self._handler.connections.answers.later(self._run_queue)

    def _run_queue(self) -> None:
        self._turn_comes = False
        self._taken = 0
        while self._queue and self._current is None and not self.writing_paused and self._transport is not None:
            if self._taken >= ANSWERED_AT_ONCE:
                break
            self._taken += 1
            self._current = self._queue.popleft()
            self._kept.queued.popleft()
            self._handler.handle(self._current)
        if self._parser.paused and len(self._queue) < MAX_PIPELINED // 2 and self._transport is not None:
            self._parse_more()
        if self._kept.counts and self._transport is not None:
            self._kept.requests(self._parser.kept, paused=self._parser.paused)

    def _clear_queue(self) -> None:
        for exchange in self._queue:
            self._memory.release(exchange)
        self._queue.clear()
        self._kept.queued.clear()

    # called by the code that answers

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        exchange.cancel = None  # it refers back to the exchange: a cycle for each request would keep the collector busy
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        self._current = None
        if self._memory.holders:
            self._memory.release(exchange)
        self._waiting_since = now = self._loop.time()
        if now > self._ends_at or self._lifecycle.stage is not SERVING or exchange.is_http10 or not exchange.keep_alive:
            more += self._connection_header(exchange, now)
        small = b"" if len(body) > JOIN_MAX_BYTES or exchange.method == b"HEAD" else body
        transport.write(
            b"%bcontent-length: %d\r\nx-request-id: %b\r\n%b\r\n%b"
            % (head, len(body), exchange.request_id, more, small)
        )
        if len(body) > JOIN_MAX_BYTES and exchange.method != b"HEAD":
            transport.write(body)
            if self.writing_paused:
                self._kept.unread(transport.get_write_buffer_size())
        if self._queue or not exchange.keep_alive:
            self._answered(transport, exchange)

    def _connection_header(self, exchange: Exchange, now: float) -> bytes:
        """Whether the connection ends with this response."""
        # old enough, and nothing is pipelined that would be lost
        ends = now > self._ends_at and not self._queue and not self._parser.arriving
        if not exchange.keep_alive or self._lifecycle.stage is not SERVING or ends:
            exchange.keep_alive = False
            return b"connection: close\r\n"
        return b"connection: keep-alive\r\n" if exchange.is_http10 else b""

    def _answered(self, transport: asyncio.Transport, exchange: Exchange) -> None:
        if not exchange.keep_alive:
            self._end(transport, exchange)
        elif self._queue:
            # not from here: the handler may be answering inside _run_queue() already
            self._run_queue_soon()

    def awaits(self, exchange: Exchange) -> bool:
        return exchange is self._current

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def begin(self, exchange: Exchange, head: bytes, more: bytes) -> None:
        if self._transport is None or exchange is not self._current:
            return
        if exchange.is_http10:
            exchange.keep_alive = False  # its body ends with the connection
        else:
            more += b"transfer-encoding: chunked\r\n"
        more += self._connection_header(exchange, self._loop.time())
        self._transport.write(b"%bx-request-id: %b\r\n%b\r\n" % (head, exchange.request_id, more))

    def write(self, exchange: Exchange, data: bytes) -> None:
        if self._transport is not None and exchange is self._current:
            self._transport.write(data if exchange.is_http10 else b"%x\r\n%b\r\n" % (len(data), data))
            if len(data) > JOIN_MAX_BYTES and self.writing_paused:
                self._kept.unread(self._transport.get_write_buffer_size())

    def finish(self, exchange: Exchange, *, whole: bool) -> None:
        exchange.cancel = exchange.stream = None
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        self._current = None
        self._memory.release(exchange)
        if not whole:
            exchange.keep_alive = False
            if exchange.is_http10:
                transport.abort()  # an orderly end would be the end of the body
                return
        elif not exchange.is_http10:
            transport.write(b"0\r\n\r\n")
        self.keepalive_announced = self._lifecycle.stage is not SERVING and exchange.keep_alive
        self._waiting_since = self._loop.time()
        self._answered(transport, exchange)

    def _end(self, transport: asyncio.Transport, exchange: Exchange) -> None:
        self._parser.stop()
        self._clear_queue()
        if exchange.refusal is None:
            transport.close()
            return
        # closing with bytes unread would reset the connection and take the response with it
        if transport.can_write_eof():
            transport.write_eof()
        self._loop.call_later(LINGER_SECONDS, transport.abort)

    # called by the owner of all connections

    def idle_since(self) -> float | None:
        busy = self._current is not None or self._queue or self._parser.arriving or self.writing_paused
        return None if busy else self._waiting_since

    def held_up_since(self) -> float | None:
        if self.writing_paused:
            return self._waiting_since
        return self._parser.began if self._parser.arriving and self._current is None and not self._queue else None

    def expects_request(self) -> bool:
        """The client has only just connected, or a moment ago had a stream whose head announced keep-alive."""
        if self._parser.began and not self.keepalive_announced:
            return False
        since = max(self._waiting_since, self._parser.began)
        return self._loop.time() - since < EXPECTED_REQUEST_SECONDS

    def close_if_idle(self) -> bool:
        """For a drain: True when nothing was under way, or about to be."""
        if self.idle_since() is None or self._transport is None or self.expects_request():
            return False
        self._transport.close()
        return True

    def check(self, now: float) -> None:
        """Called about once a second: ends what takes too long to arrive or to be read."""
        transport = self._transport
        if transport is None:
            return
        waited = now - self._waiting_since
        self._kept.look(self._parser.kept, transport.get_write_buffer_size(), paused=self._parser.paused)
        if self.writing_paused:
            if waited > WRITE_SECONDS:
                transport.abort()
        elif self._parser.arriving and not self._parser.paused:
            self._parser.check(now)
        elif self._current is None and not self._queue and waited > self._handler.limits.idle_seconds:
            transport.close()
