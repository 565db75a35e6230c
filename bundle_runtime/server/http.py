"""HTTP/1.1 over one connection: httptools parses, this orders, limits and answers; the app decides.

No packaged server carries all that a prediction needs within the time that it may cost (docs/adr has the figures). What
is here is what a front must not get wrong: answers in the order of the requests, a body refused before it is read, a
slow client that holds nothing but its own connection.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from bundle_runtime.kept_alive import CONNECTION_SECONDS, IDLE_SECONDS
from bundle_runtime.server.exchange import Exchange

if TYPE_CHECKING:
    from bundle_runtime.server.app import App

MAX_HEAD = 16 * 1024
MAX_PIPELINED = 16
HEAD_SECONDS = 10.0
BODY_SECONDS = 30.0  # and one more for each BODY_RATE bytes that have come
BODY_RATE = 64 * 1024
WRITE_SECONDS = 60.0
LINGER_SECONDS = 2.0
BIG = 64 * 1024

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class HttpConnection(asyncio.Protocol):
    """One client. At most one exchange is with the app; what was pipelined behind it waits here."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop, max_body: int) -> None:
        self._app = app
        self._loop = loop
        self._max_body = max_body
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._queue: deque[Exchange] = deque()
        self._current: Exchange | None = None
        self._next: Exchange | None = None  # the request that is arriving
        self._url = b""
        self._parts: list[bytes] = []
        self._says_connection = False
        self._framing: list[tuple[bytes, bytes]] = []  # the header lines that matter here
        self._size = 0
        self._head_size = 0  # of what was parsed
        self._head_bytes = 0  # of what came, in the reads that finished no request
        self._completed = False  # a request ended in this read
        self._in_head = False
        self._expects = False
        self._drop_rest = False  # the rest of what the client sends is thrown away
        self._reading_paused = False
        self._ends_at = 0.0
        self._waiting_since = 0.0  # of the silent client, the arriving request or the unread answer
        self._writing_paused = False

    # asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._waiting_since = self._loop.time()
        # not all at once: clients that connected together would come back together
        self._ends_at = self._waiting_since + CONNECTION_SECONDS * random.uniform(0.8, 1.0)
        self._app.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._app.connections.discard(self)
        self._queue.clear()
        current = self._current
        self._current = None
        if current is not None and current.cancel is not None:
            current.cancel()
            current.cancel = None

    def pause_writing(self) -> None:
        self._writing_paused = True
        self._waiting_since = self._loop.time()

    def resume_writing(self) -> None:
        self._writing_paused = False
        self._waiting_since = self._loop.time()
        self._run_queue()

    def data_received(self, data: bytes) -> None:
        if self._drop_rest:
            return
        self._completed = False
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError as error:
            if not self._drop_rest:
                self._refuse(400, "BadRequest", f"this is no HTTP/1.1 request: {error}")
            return
        if self._in_head and not self._completed:  # one header that never ends does not reach on_header
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._refuse_head()

    # httptools

    def on_message_begin(self) -> None:
        self._next = Exchange(self, self._loop.time())
        self._waiting_since = self._next.started
        self._url = b""
        self._parts = []
        self._framing = []
        self._says_connection = False
        self._size = 0
        self._head_size = 0
        self._head_bytes = 0
        self._in_head = True
        self._expects = False

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._head_size += len(url)
        if self._head_size > MAX_HEAD:
            self._refuse_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        length = len(name)
        self._head_size += length + len(value) + 4
        if self._head_size > MAX_HEAD:
            self._refuse_head()
        elif length == 12:
            if name.lower() == b"x-request-id" and self._next is not None:
                self._next.request_id = value
                self._framing.append((name, value))
        elif length == 14:
            if name.lower() == b"content-length":
                self._framing.append((name, value))
                if int(value) > self._max_body:
                    self._refuse_body()
        elif length == 10:
            self._says_connection = True  # or another header of that length: it is looked at below
        elif length == 17:
            if name.lower() == b"transfer-encoding":
                self._framing.append((name, value))
        elif length == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self._framing.append((name, value))
            self._expects = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._drop_rest or self._next is None:
            return
        if self._expects and self._current is None and not self._queue and self._transport is not None:
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._drop_rest:
            return
        self._size += len(body)
        if self._size > self._max_body:
            self._refuse_body()
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        exchange = self._next
        self._completed = True
        self._in_head = False
        parser = self._parser
        if self._drop_rest or exchange is None:
            return
        method = parser.get_method()
        if self._says_connection:
            if parser.should_upgrade() and method != b"CONNECT":
                return  # data_received() is told, and sees to it
            exchange.old_http = parser.get_http_version() == "1.0"
        self._next = None
        exchange.method = method
        exchange.target = self._url
        exchange.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        if not parser.should_keep_alive():
            exchange.keep_alive = False
            self._drop_rest = True
        self._add(exchange)

    # ours

    def _ignore_upgrade(self, rest: bytes) -> None:
        """h2c (Java's client always offers it) and the like are not spoken here, and HTTP/1.1 lets a server ignore the
        offer. The parser stopped behind the headers, so a fresh one gets the same request without it."""
        if self._next is None or self._drop_rest:
            return
        lines = [
            b"%b %b HTTP/1.1" % (self._parser.get_method(), self._url),
            *(b": ".join(header) for header in self._framing),
        ]
        self._parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join([*lines, b"", b""]) + rest)

    def _refuse_head(self) -> None:
        self._refuse(431, "HeadersTooLarge", f"the request's line and headers are more than {MAX_HEAD} bytes")

    def _refuse_body(self) -> None:
        self._refuse(413, "BodyTooLarge", f"the body is more than {self._max_body} bytes: send less in one request")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer, in its turn, without reading what is left; then the connection ends."""
        if self._drop_rest:
            return
        self._drop_rest = True
        exchange = self._next or Exchange(self, self._loop.time())
        self._next = None
        self._parts = []
        exchange.keep_alive = False
        exchange.refusal = (status, code, message)
        self._add(exchange)

    def _add(self, exchange: Exchange) -> None:
        if self._current is None and not self._queue and not self._writing_paused:
            self._current = exchange
            self._app.handle(exchange)
            return
        self._queue.append(exchange)
        if len(self._queue) >= MAX_PIPELINED and not self._reading_paused and self._transport is not None:
            self._reading_paused = True
            self._transport.pause_reading()

    def _run_queue(self) -> None:
        while self._queue and self._current is None and not self._writing_paused and self._transport is not None:
            self._current = self._queue.popleft()
            self._app.handle(self._current)
        if self._reading_paused and len(self._queue) < MAX_PIPELINED // 2 and self._transport is not None:
            self._reading_paused = False
            self._transport.resume_reading()

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        exchange.cancel = None  # it refers back to the exchange: a cycle for each request would keep the collector busy
        transport = self._transport
        if transport is None or exchange is not self._current:
            return
        self._current = None
        now = self._loop.time()
        # old enough, and nothing is pipelined that would be lost
        ends = now > self._ends_at and not self._queue and self._next is None
        if not exchange.keep_alive or self._app.closing or ends:
            exchange.keep_alive = False
            more += b"connection: close\r\n"
        elif exchange.old_http:
            more += b"connection: keep-alive\r\n"
        start = b"%bcontent-length: %d\r\nx-request-id: %b\r\n%b\r\n" % (head, len(body), exchange.request_id, more)
        if exchange.method == b"HEAD":
            transport.write(start)
        elif len(body) > BIG:
            transport.write(start)
            transport.write(body)
        else:
            transport.write(start + body)
        if not exchange.keep_alive:
            self._end(transport, exchange)
            return
        if self._next is None:
            self._waiting_since = now
        if self._queue:
            # not from here: the app may be answering inside _run_queue() already
            self._loop.call_soon(self._run_queue)

    def _end(self, transport: asyncio.Transport, exchange: Exchange) -> None:
        self._drop_rest = True
        self._queue.clear()
        if exchange.refusal is None:
            transport.close()
            return
        # closing with bytes unread would reset the connection and take the answer with it
        if transport.can_write_eof():
            transport.write_eof()
        self._loop.call_later(LINGER_SECONDS, transport.abort)

    def close_if_idle(self) -> bool:
        """For a drain: True when nothing was under way."""
        if self._current is None and not self._queue and self._next is None and self._transport is not None:
            self._transport.close()
            return True
        return False

    def check(self, now: float) -> None:
        """Called about once a second: ends what takes too long to arrive or to be read."""
        transport = self._transport
        if transport is None:
            return
        waited = now - self._waiting_since
        if self._writing_paused:
            if waited > WRITE_SECONDS:
                transport.abort()
        elif self._next is not None:
            allowed = HEAD_SECONDS if self._in_head else BODY_SECONDS + self._size / BODY_RATE
            if waited > allowed:
                self._refuse(408, "RequestTooSlow", f"the request had not arrived after {allowed:.0f} s")
        elif self._current is None and not self._queue and now > self._ends_at and waited > IDLE_SECONDS:
            transport.close()
