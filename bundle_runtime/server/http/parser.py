"""A request as it arrives on a connection: httptools parses, this keeps the limits and refuses before it reads.

What is here is what a front must not get wrong about what comes in: a body refused before it is read, a header that
never ends, an offer of another protocol. Nothing costs much more memory than it has bytes: a body of tiny chunks is
kept in large parts, thousands of requests that came at once are parsed when there is a place for them, and what is
large is counted against the memory of all connections (memory.py). Answers and their order are connection.py's.
"""

from __future__ import annotations

import asyncio
import traceback
from time import monotonic

import httptools

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import STATUS_OF
from bundle_runtime.server.memory import SMALL, Memory, TooMuch

MAX_HEAD = 16 * 1024
LINE = 32  # bytes that each header counts as beside its own: it is three objects
STEP = 8 * 1024  # what is parsed at once: a read may hold ten thousand requests
FEW_PARTS = 16  # of a body, however small
PART = 4 * 1024  # a part of a body that is kept as it came, when there are more
CLAIM = 1024 * 1024  # of memory at a time, ahead of a large body
# of the names that are looked at here
_LENGTHS = frozenset((4, 6, 10, 11, 12, 14, 16, 17))
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# what an upgrade that is ignored must not lose; connection and upgrade are what it must
_DROPPED = (b"connection", b"upgrade", b"http2-settings")


class Arriving(asyncio.Protocol):
    """The half of a connection that the parser calls. ``_next`` is the request that is arriving."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_body: int, memory: Memory) -> None:
        self._loop = loop
        self.max_body = max_body
        self._memory = memory
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._next: Exchange | None = None
        self._url = b""
        self._parts: list[bytes] = []
        self._tail = bytearray()  # parts too small to be kept one by one
        self._claimed = min(SMALL, max_body)  # the size up to which the body may grow before anybody is asked
        self._expected = 0  # by its content-length
        self._unparsed = b""  # came behind more requests than wait at once
        self._reading_paused = False  # as many requests wait as may
        self._behind = object()  # who holds it
        self._fours = 0
        self._says_transfer = False
        self._headers: list[tuple[bytes, bytes]] = []
        self._says_connection = False
        self._size = 0
        self._head_size = 0  # of what was parsed
        self._head_bytes = 0  # of what came since, in reads that brought neither a part of a body nor an end
        self._progress = False  # this read did
        self._in_head = False
        self._expects = False
        self._drop_rest = False  # the rest of what the client sends is thrown away
        self._waiting_since = 0.0  # of the silent client, the arriving request or the unread answer

    def _arrived(self, exchange: Exchange) -> None:
        """A whole request, or one that was refused: it is answered in its turn."""
        raise NotImplementedError

    def _is_idle(self) -> bool:
        """No other request of this connection is under way."""
        raise NotImplementedError

    def _let_go(self) -> None:
        """Of a connection that is over: it and its parser hold each other, and with them what came of a body; only the
        garbage collector would part them, and it looks at numbers of objects, not at megabytes."""
        self._drop_rest = True
        self._next = None
        self._drop_body()
        del self._parser

    def _drop_body(self) -> None:
        """And all that came behind it."""
        if self._unparsed:
            self._unparsed = b""
            self._memory.release(self._behind)
        self._parts = []
        self._tail = bytearray()
        if self._claimed > SMALL:
            self._memory.release(self)

    def data_received(self, data: bytes) -> None:
        if len(data) <= STEP and not self._unparsed:
            self._parse(data)
        else:
            self._unparsed += data
            self._parse_more()

    def _parse_more(self) -> None:
        """Of what came at once, as much as there is room for the requests in it."""
        data, self._unparsed = self._unparsed, b""
        if self._memory.holders:
            self._memory.release(self._behind)
        at = 0
        while at < len(data) and not self._drop_rest and not self._reading_paused:
            step = STEP
            if self._next is not None and not self._in_head:  # the rest of a body of known length
                step = max(STEP, self._expected - self._size)
            self._parse(data[at : at + step])
            at += step
        if self._drop_rest:
            return
        self._unparsed = data[at:]
        if len(self._unparsed) > SMALL:
            try:
                self._memory.arrives(self._behind, len(self._unparsed))
            except TooMuch as refusal:
                self._refuse(STATUS_OF[refusal.code], refusal.code, str(refusal))

    def _parse(self, data: bytes) -> None:
        if self._drop_rest:
            return
        self._progress = False
        fed = data
        while fed:
            try:
                self._parser.feed_data(fed)
                break
            except httptools.HttpParserUpgrade as upgrade:
                fed = self._without_upgrade(fed[upgrade.args[0] :])
            except httptools.HttpParserCallbackError as error:  # a mistake in what is below
                traceback.print_exception(error)
                self._refuse(500, "InternalError", "a mistake in this server: its log tells it")
                return
            except httptools.HttpParserError as error:
                if not self._drop_rest:
                    self._refuse(400, "BadRequest", f"this is no HTTP/1.1 request: {error}")
                return
        if self._next is not None and not self._progress:  # a header or trailer that never ends reaches no callback
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD:
                self._refuse_head()

    # httptools

    def on_message_begin(self) -> None:
        self._next = Exchange(self, monotonic())  # type: ignore[arg-type]  # each of these is an HttpConnection
        self._waiting_since = self._loop.time()
        self._url = b""
        self._parts = []
        self._headers = self._next.headers
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
        self._head_size += length + len(value) + LINE
        if self._head_size > MAX_HEAD:
            self._refuse_head()
            return
        if not self._in_head:
            return  # a trailer: what comes behind a body says nothing about it
        self._headers.append((name, value))
        if length not in _LENGTHS:
            return
        if length == 12:
            if name.lower() == b"x-request-id" and self._next is not None:
                self._next.request_id = value
        elif length == 14:
            if name.lower() == b"content-length":
                self._expected = int(value)
                if self._expected > self.max_body:
                    self._refuse_body()
        elif length == 10:
            self._says_connection = True  # or another header of that length: it is looked at below
        elif length == 11 or length == 16:
            if self._next is not None:
                lower = name.lower()
                if lower == b"traceparent":
                    self._next.traceparent += value  # two are none
                elif lower == b"content-encoding":
                    self._next.plain = False
        elif length == 4:
            self._fours += 1  # Host is one, and who else is looked at below
        elif length == 17:
            self._says_transfer = True  # or another header of that length: it is looked at below
        elif length == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self._expects = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._drop_rest or self._next is None:
            return
        if self._fours > 1 and sum(name.lower() == b"host" for name, _ in self._headers) > 1:
            self._refuse(400, "BadRequest", "this is no HTTP/1.1 request: it names more than one Host")
            return
        self._fours = 0
        if self._says_transfer:
            self._says_transfer = False
            if self._next.header(b"transfer-encoding"):
                self._expected = 0
                if self._is_old():
                    self._refuse(400, "BadRequest", "HTTP/1.0 has no transfer-encoding: where the body ends is unclear")
                    return
        if self._expects and self._transport is not None and self._is_idle():
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._drop_rest:
            return
        self._progress = True
        self._head_bytes = 0
        self._size += len(body)
        if self._size > self._claimed and not self._may_grow():
            return
        if len(self._parts) < FEW_PARTS:
            self._parts.append(body)
        else:
            self._keep(body)

    def _may_grow(self) -> bool:
        """Beyond what a small body may be; False when the request has been refused."""
        if self._size > self.max_body:
            self._refuse_body()
            return False
        claim = min(self._size + CLAIM, self.max_body)
        if self._expected:
            claim = min(claim, max(self._size, self._expected))
        try:
            self._memory.arrives(self, claim - (self._claimed if self._claimed > SMALL else 0))
        except TooMuch as refusal:
            self._refuse(STATUS_OF[refusal.code], refusal.code, str(refusal))
            return False
        self._claimed = claim
        return True

    def _keep(self, body: bytes) -> None:
        if len(body) >= PART and not self._tail:
            self._parts.append(body)
            return
        self._tail += body
        if len(self._tail) >= SMALL:
            self._parts.append(bytes(self._tail))
            self._tail.clear()

    def _whole_body(self) -> bytes:
        if self._tail:
            self._parts.append(bytes(self._tail))
            self._tail = bytearray()
        return b"".join(self._parts)

    def _is_old(self) -> bool:
        return self._parser.get_http_version() == "1.0"

    def on_message_complete(self) -> None:
        exchange = self._next
        self._progress = True
        self._in_head = False
        parser = self._parser
        if self._drop_rest or exchange is None:
            return
        method = parser.get_method()
        if self._says_connection:
            if parser.should_upgrade() and method != b"CONNECT":
                return  # data_received() is told, and sees to it
            exchange.old_http = self._is_old()
        self._next = None
        exchange.method = method
        exchange.target = self._url
        parts = self._parts
        exchange.body = parts[0] if len(parts) == 1 else self._whole_body()
        self._parts = []
        if self._claimed > SMALL:  # it is the exchange's from here on
            self._memory.release(self)
            self._memory.hold(exchange, self._size)
            self._claimed = SMALL
        if not parser.should_keep_alive() or method == b"CONNECT":  # what follows a CONNECT is no HTTP
            exchange.keep_alive = False
            exchange.old_http = self._is_old()
            self._drop_rest = True
        self._arrived(exchange)

    def _without_upgrade(self, rest: bytes) -> bytes:
        """h2c (Java's client always offers it) and the like are not spoken here, and HTTP/1.1 lets a server ignore the
        offer. The parser stopped behind the headers, so a fresh one gets what is returned: the same request without
        it, and the rest."""
        if self._next is None or self._drop_rest:
            return b""
        lines = [
            b"%b %b HTTP/1.1" % (self._parser.get_method(), self._url),
            *(b": ".join(header) for header in self._headers if header[0].lower() not in _DROPPED),
        ]
        self._parser = httptools.HttpRequestParser(self)
        return b"\r\n".join([*lines, b"", b""]) + rest

    def _refuse_head(self) -> None:
        self._refuse(431, "HeadersTooLarge", f"the request's line and headers are more than {MAX_HEAD} bytes")

    def _refuse_body(self) -> None:
        self._refuse(413, "BodyTooLarge", f"the body is more than {self.max_body} bytes: send less in one request")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer, in its turn, without reading what is left; then the connection ends."""
        if self._drop_rest:
            return
        self._drop_rest = True
        exchange = self._next or Exchange(self, monotonic())  # type: ignore[arg-type]
        self._next = None
        self._drop_body()
        exchange.keep_alive = False
        exchange.refusal = (status, code, message)
        self._arrived(exchange)
