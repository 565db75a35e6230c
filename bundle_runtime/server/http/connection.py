"""HTTP/1.1 over one connection: parser.py takes the requests in, this orders and answers; the app decides.

No packaged server carries all that a prediction needs within the time that it may cost (docs/adr has the figures). What
is here is what a front must not get wrong: answers in the order of the requests, and a slow client that holds nothing
but its own connection.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING, cast

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.parser import Arriving
from bundle_runtime.server.lifecycle import Stage
from bundle_runtime.server.memory import SMALL
from bundle_spec.connection_age import CONNECTION_SECONDS, IDLE_SECONDS

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

MAX_PIPELINED = 16
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0  # and one more for each BODY_RATE bytes that have come
BODY_RATE = 64 * 1024
CROWDED_SECONDS = 5.0  # the same for a large one while there is hardly room for others
CROWDED_RATE = 1024 * 1024
WRITE_SECONDS = 60.0
LINGER_SECONDS = 2.0
FRESH_SECONDS = 1.0
BIG = 64 * 1024


class HttpConnection(Arriving):
    """One client. At most one exchange is with the app; what was pipelined behind it waits here."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop, max_body: int) -> None:
        super().__init__(loop, max_body, app.memory)
        self._app = app
        self._lifecycle = app.lifecycle
        self._unread = object()  # who holds what the client has not read of its answers
        self._queue: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._ends_at = 0.0
        self.writing_paused = False
        self.promised = False  # a stream that began before the drain told the client that it may ask again

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._waiting_since = self._loop.time()
        # not all at once: clients that connected together would come back together
        self._ends_at = self._waiting_since + CONNECTION_SECONDS * random.uniform(0.8, 1.0)
        self._app.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._app.connections.discard(self)
        self._clear_queue()
        self._let_go()
        self._memory.release(self._unread)
        current = self._current
        self._current = None
        if current is None:
            return
        self._memory.release(current)
        current.stream = None
        if current.cancel is not None:
            current.cancel()
            current.cancel = None

    def pause_writing(self) -> None:
        self.writing_paused = True
        self._waiting_since = self._loop.time()

    def resume_writing(self) -> None:
        self.writing_paused = False
        self._memory.release(self._unread)
        self._waiting_since = self._loop.time()
        if self._current is not None and self._current.stream is not None:
            self._current.stream.resumed()
        self._run_queue()

    def _is_idle(self) -> bool:
        return self._current is None and not self._queue

    def _arrived(self, exchange: Exchange) -> None:
        if self._current is None and not self._queue and not self.writing_paused:
            self._current = exchange
            self._app.handle(exchange)
            return
        self._queue.append(exchange)
        if len(self._queue) >= MAX_PIPELINED and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _run_queue(self) -> None:
        while self._queue and self._current is None and not self.writing_paused and self._transport is not None:
            self._current = self._queue.popleft()
            self._app.handle(self._current)
        if self._reading_paused and len(self._queue) < MAX_PIPELINED // 2 and self._transport is not None:
            self._reading_paused = False
            if self._unparsed:
                self._parse_more()
            if not self._reading_paused and self._transport is not None:
                self._transport.resume_reading()

    def _clear_queue(self) -> None:
        for exchange in self._queue:
            self._memory.release(exchange)
        self._queue.clear()

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        exchange.cancel = None  # it refers back to the exchange: a cycle for each request would keep the collector busy
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        self._current = None
        if self._memory.holders:
            self._memory.release(exchange)
        now = self._loop.time()
        if (
            now > self._ends_at
            or self._lifecycle.stage is not Stage.SERVING
            or exchange.old_http
            or not exchange.keep_alive
        ):
            more += self._says_how_it_ends(exchange, now)
        small = b"" if len(body) > BIG or exchange.method == b"HEAD" else body
        transport.write(
            b"%bcontent-length: %d\r\nx-request-id: %b\r\n%b\r\n%b"
            % (head, len(body), exchange.request_id, more, small)
        )
        if len(body) > BIG and exchange.method != b"HEAD":
            transport.write(body)
            self._count_unread(transport)
        if exchange.keep_alive and not self._queue:
            if self._next is None:
                self._waiting_since = now
        else:
            self._answered(transport, exchange, now)

    def _count_unread(self, transport: asyncio.Transport) -> None:
        """Until the client has read it; the app has asked for the place."""
        unread = transport.get_write_buffer_size()
        if unread > BIG and self.writing_paused:
            self._memory.hold(self._unread, unread)

    def _says_how_it_ends(self, exchange: Exchange, now: float) -> bytes:
        # old enough, and nothing is pipelined that would be lost
        ends = now > self._ends_at and not self._queue and self._next is None
        if not exchange.keep_alive or self._lifecycle.stage is not Stage.SERVING or ends:
            exchange.keep_alive = False
            return b"connection: close\r\n"
        return b"connection: keep-alive\r\n" if exchange.old_http else b""

    def _answered(self, transport: asyncio.Transport, exchange: Exchange, now: float) -> None:
        if not exchange.keep_alive:
            self._end(transport, exchange)
            return
        if self._next is None:
            self._waiting_since = now
        if self._queue:
            # not from here: the app may be answering inside _run_queue() already
            self._loop.call_soon(self._run_queue)

    def awaits(self, exchange: Exchange) -> bool:
        """Its answer, or the rest of it."""
        return exchange is self._current

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # an answer in parts, of a length that nobody knows yet

    def begin(self, exchange: Exchange, head: bytes, more: bytes) -> None:
        if self._transport is None or exchange is not self._current:
            return
        if exchange.old_http:
            exchange.keep_alive = False  # its body ends with the connection
        else:
            more += b"transfer-encoding: chunked\r\n"
        more += self._says_how_it_ends(exchange, self._loop.time())
        self._transport.write(b"%bx-request-id: %b\r\n%b\r\n" % (head, exchange.request_id, more))

    def write(self, exchange: Exchange, data: bytes) -> None:
        if self._transport is not None and exchange is self._current:
            self._transport.write(data if exchange.old_http else b"%x\r\n%b\r\n" % (len(data), data))
            if len(data) > BIG:
                self._count_unread(self._transport)

    def finish(self, exchange: Exchange, *, whole: bool) -> None:
        """The last part has been written; unless it is ``whole`` the client must see that it is not."""
        exchange.cancel = None
        exchange.stream = None
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        self._current = None
        self._memory.release(exchange)
        if not whole:
            exchange.keep_alive = False
            if exchange.old_http:
                transport.abort()  # an orderly end would be the end of the body
                return
        elif not exchange.old_http:
            transport.write(b"0\r\n\r\n")
        self.promised = self._lifecycle.stage is not Stage.SERVING and exchange.keep_alive
        self._answered(transport, exchange, self._loop.time())

    def _end(self, transport: asyncio.Transport, exchange: Exchange) -> None:
        self._drop_rest = True
        self._clear_queue()
        self._drop_body()
        if exchange.refusal is None:
            transport.close()
            return
        # closing with bytes unread would reset the connection and take the answer with it
        if transport.can_write_eof():
            transport.write_eof()
        self._loop.call_later(LINGER_SECONDS, transport.abort)

    def about_to_ask(self) -> bool:
        """Who has only just connected, or a moment ago had a stream whose head promised the next answer."""
        return (self.promised or not self._url) and self._loop.time() - self._waiting_since < FRESH_SECONDS

    def close_if_idle(self) -> bool:
        """For a drain: True when nothing was under way, or about to be."""
        if self._is_idle() and self._next is None and self._transport is not None and not self.about_to_ask():
            self._transport.close()
            return True
        return False

    def check(self, now: float) -> None:
        """Called about once a second: ends what takes too long to arrive or to be read."""
        transport = self._transport
        if transport is None:
            return
        waited = now - self._waiting_since
        if self.writing_paused:
            if waited > WRITE_SECONDS:
                transport.abort()
        elif self._next is not None:
            allowed = HEAD_SECONDS if self._in_head else BODY_SECONDS + self._size / BODY_RATE
            if self._claimed > SMALL and self._memory.is_crowded:
                allowed = min(allowed, CROWDED_SECONDS + self._size / CROWDED_RATE)
            if waited > allowed:
                self._refuse(408, "RequestTooSlow", f"the request had not arrived after {allowed:.0f} s")
        elif self._current is None and not self._queue and now > self._ends_at and waited > IDLE_SECONDS:
            transport.close()
