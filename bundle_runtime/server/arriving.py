"""A request as it arrives on a connection: httptools parses, this keeps the limits and refuses before it reads.

What is here is what a front must not get wrong about what comes in: a body refused before it is read, a header that
never ends, an offer of another protocol. Answers and their order are http.py's.
"""

from __future__ import annotations

import asyncio
import traceback
from time import monotonic

import httptools

from bundle_runtime.server.exchange import Exchange

MAX_HEAD = 16 * 1024
# of the names that are looked at here
_LENGTHS = frozenset((6, 10, 11, 12, 14, 16))
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
# what an upgrade that is ignored must not lose; connection and upgrade are what it must
_DROPPED = (b"connection", b"upgrade", b"http2-settings")


class Arriving(asyncio.Protocol):
    """The half of a connection that the parser calls. ``_next`` is the request that is arriving."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_body: int) -> None:
        self._loop = loop
        self.max_body = max_body
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._next: Exchange | None = None
        self._url = b""
        self._parts: list[bytes] = []
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
        self._parts = []
        del self._parser

    def data_received(self, data: bytes) -> None:
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
        self._head_size += length + len(value) + 4
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
            if name.lower() == b"content-length" and int(value) > self.max_body:
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
        elif length == 6 and name.lower() == b"expect" and value.lower() == b"100-continue":
            self._expects = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self._drop_rest or self._next is None:
            return
        if self._expects and self._transport is not None and self._is_idle():
            self._transport.write(CONTINUE)

    def on_body(self, body: bytes) -> None:
        if self._drop_rest:
            return
        self._progress = True
        self._head_bytes = 0
        self._size += len(body)
        if self._size > self.max_body:
            self._refuse_body()
        else:
            self._parts.append(body)

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
            exchange.old_http = parser.get_http_version() == "1.0"
        self._next = None
        exchange.method = method
        exchange.target = self._url
        exchange.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts = []
        if not parser.should_keep_alive() or method == b"CONNECT":  # what follows a CONNECT is no HTTP
            exchange.keep_alive = False
            exchange.old_http = parser.get_http_version() == "1.0"
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
        self._parts = []
        exchange.keep_alive = False
        exchange.refusal = (status, code, message)
        self._arrived(exchange)
