"""Bytes in, requests out: httptools parses, this keeps the limits and refuses before it reads.

A body that is too large is refused before it is read, a header that never ends is cut off, an offer of another protocol
is ignored. Nothing costs much more memory than it has bytes: a body of tiny chunks is kept in large parts, thousands of
requests that came at once are parsed when there is a place for them, and what is large is counted (memory.py).
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from time import monotonic

import httptools

from bundle_runtime.server.http.body import BodyBuffer
from bundle_runtime.server.http.exchange import Exchange, RequestSink
from bundle_runtime.server.http.heads import head_refusal, not_http, refuses_version, without_offer
from bundle_runtime.server.http.responses import STATUS_OF
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory, TooMuch

HEAD_MAX_BYTES = 16 * 1024
HEADER_OVERHEAD_BYTES = 128  # that each header counts as beside its own: it is three objects
STEP_BYTES = 8 * 1024  # what is parsed at once: a read may hold ten thousand requests
PARTS_AT_ONCE = 1000  # of a body, before others have their turn: a read may hold forty thousand chunks
HEAD_SECONDS = 10.0
_HEAD_END, _BLANK = b"\r\n\r\n", b"\r\n"
# of the names that are looked at here
_LENGTHS = frozenset((4, 6, 10, 11, 12, 14, 16, 17))


class RequestParser:
    """The requests of one connection. ``clock`` is the loop's, in seconds."""

    def __init__(self, sink: RequestSink, clock: Callable[[], float], max_body: int, memory: Memory) -> None:
        self._sink = sink
        self._clock = clock
        self._memory = memory
        self._http = httptools.HttpRequestParser(self)
        self._body = BodyBuffer(memory, max_body)
        self.arriving: Exchange | None = None  # the request that has begun and is not here as a whole
        self.began = 0.0  # when it did, by the clock, or was last held up; 0.0 before the first one
        self.paused = False  # as many requests wait as may: the rest is kept as it came
        self.is_dropping = False  # the rest of what the client sends is thrown away
        self.unparsed = b""  # came behind more requests than wait at once
        self._behind = object()  # the holder of that, in memory
        self._url = b""
        self._hosts = 0  # headers of that name
        self._is_special = False  # a header of the head is looked at when all are there
        self._headers: list[tuple[bytes, bytes]] = []
        self._says_connection = False
        self.head_size = 0  # of what was parsed of this request, or the last one
        self._head_bytes = 0  # of what came since, in reads that brought neither a part of a body nor an end
        self._progress = False  # this read did
        self._in_head = False

    @property
    def kept(self) -> int:
        """Bytes of what has come that memory does not count: they are few, of one connection."""
        unparsed = len(self.unparsed) if len(self.unparsed) <= UNCOUNTED_MAX_BYTES else 0
        return unparsed + (self.head_size + self._head_bytes + self._body.uncounted if self.arriving else 0)

    @property
    def must_go_on(self) -> bool:
        """More of what has come is to be parsed, by resume(), once others have had their turn."""
        return bool(self.unparsed) and not self.paused and not self.is_dropping

    def feed(self, data: bytes) -> None:
        """What the client has sent."""
        if self.unparsed:
            self._parse_more(self._take_unparsed() + data)
        elif len(data) <= STEP_BYTES or (
            self.arriving and not self._in_head and len(data) <= self._body.expected - self._body.size
        ):
            self._parse(data)
        else:
            self._parse_more(data)

    def resume(self) -> None:
        """There is room for more requests, or it is the connection's turn: of what came at once, the next ones."""
        if self.paused:
            self.paused = False
            self.restart_clock()
        if self.unparsed:
            self._parse_more(self._take_unparsed())

    def restart_clock(self) -> None:
        """The request that is arriving was held up by this side."""
        if self.arriving is not None:
            self.began = self._clock()

    def stop(self) -> None:
        """Nothing more is read, and nothing kept of what has come."""
        self.is_dropping = True
        self._take_unparsed()
        self._body.drop()

    def release(self) -> None:
        """Of a connection that is over: it and its parser hold each other, and with them what came of a body; only the
        garbage collector would part them, and it looks at numbers of objects, not at megabytes."""
        self.stop()
        self.arriving = None
        del self._http, self._sink

    def check(self, now: float) -> None:
        """Refuses a request that takes too long to arrive."""
        allowed = HEAD_SECONDS if self._in_head else self._body.allowed_seconds
        if now - self.began > allowed:
            self._refuse(408, "RequestTooSlow", f"the request had not arrived after {allowed:.0f} s")

    def _take_unparsed(self) -> bytes:
        data, self.unparsed = self.unparsed, b""
        if len(data) > UNCOUNTED_MAX_BYTES:
            self._memory.release(self._behind)
        return data

    def _parse_more(self, data: bytes) -> None:
        """Of what came at once, as much as there is room for, and as it is this connection's turn for."""
        view = memoryview(data)
        at = 0
        most_parts = self._body.more_parts + PARTS_AT_ONCE
        while at < len(data) and not self.is_dropping and not self.paused:
            end = at + STEP_BYTES
            if self.arriving is None:  # a head alone, so that the body behind it is one part
                head_end = data.find(_HEAD_END, at, end)
                if head_end >= 0 and data[at] not in _BLANK:  # a read may begin with a hundred thousand empty lines
                    end = head_end + len(_HEAD_END)
            elif not self._in_head:  # the rest of a body of known length
                end = max(end, at + self._body.expected - self._body.size)
            self._parse(view[at:end])
            at = end
            if self._body.more_parts > most_parts and self.arriving is not None:
                break
        if self.is_dropping:
            return
        self.unparsed = data[at:]
        if len(self.unparsed) > UNCOUNTED_MAX_BYTES:
            try:
                self._memory.arrives(self._behind, len(self.unparsed))
            except TooMuch as refusal:
                self._refuse_for(refusal)

    def _parse(self, data: bytes | memoryview) -> None:
        if self.is_dropping:
            return
        self._progress = False
        fed = data
        while fed:
            try:
                self._http.feed_data(fed)
                break
            except httptools.HttpParserUpgrade as upgrade:
                fed = self._without_upgrade(fed[upgrade.args[0] :])
            except httptools.HttpParserCallbackError as error:  # an error in one of the callbacks below
                traceback.print_exception(error)
                self._refuse(500, "InternalError", "an error in this server: its log has the traceback")
                return
            except httptools.HttpParserError as error:
                if not self.is_dropping:
                    self._refuse(400, "BadRequest", not_http(error))
                return
        if self.arriving is not None and not self._progress:  # a header or trailer that never ends reaches no callback
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_MAX_BYTES:
                self._refuse_head()

    # called by httptools

    def on_message_begin(self) -> None:
        self.arriving = Exchange(self._sink, monotonic())
        self.began = self._clock()
        self._url = b""
        self._headers = self.arriving.headers
        self._says_connection = False
        self.head_size = 0
        self._head_bytes = 0
        self._in_head = True

    def on_url(self, url: bytes) -> None:
        self._url += url
        self.head_size += len(url)
        if self.head_size > HEAD_MAX_BYTES:
            self._refuse_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        length = len(name)
        self.head_size += length + len(value) + HEADER_OVERHEAD_BYTES
        if self.head_size > HEAD_MAX_BYTES:
            self._refuse_head()
            return
        if not self._in_head:
            return  # a trailer: what comes behind a body says nothing about it
        self._headers.append((name, value))
        if length not in _LENGTHS:
            return
        if length == 4:
            if name == b"Host" or name.lower() == b"host":
                self._hosts += 1
        elif length == 12:
            if name.lower() == b"x-request-id" and self.arriving is not None:
                self.arriving.request_id = value
        elif length == 14:
            if name.lower() == b"content-length":
                self._body.expected = expected = int(value)
                if expected > self._body.max_size:
                    self._is_special = True
        elif length == 10:
            self._says_connection = True  # or another header of that length: it is looked at below
        elif length == 11 or length == 16:
            if self.arriving is not None:
                lower = name.lower()
                if lower == b"traceparent":
                    self.arriving.traceparent += value  # two are none
                elif lower == b"content-encoding":
                    self.arriving.is_uncompressed = False
        elif length == 17 or name.lower() == b"expect":
            self._is_special = True  # transfer-encoding, or another header of that length

    def on_headers_complete(self) -> None:
        self._in_head = False
        if self.is_dropping or self.arriving is None:
            return
        hosts, self._hosts = self._hosts, 0
        if hosts != 1 or self._is_special:
            self._is_special = False
            self._look_at_head(self.arriving, hosts)

    def _look_at_head(self, exchange: Exchange, hosts: int) -> None:
        codings, expectation = exchange.header(b"transfer-encoding"), exchange.header(b"expect")
        if codings:
            self._body.expected = 0
        older = self._http.get_http_version() != "1.1"  # 1.0, or one that is refused once the request is here
        refusal = head_refusal(hosts, codings, expectation, older)
        if refusal is not None:
            self._refuse(*refusal)
        elif self._body.expected > self._body.max_size:
            self._refuse_for(self._body.too_large())
        elif expectation and not older:
            self._sink.send_continue()

    def on_body(self, data: bytes) -> None:
        if self.is_dropping:
            return
        self._progress = True
        self._head_bytes = 0
        try:
            self._body.add(data)
        except TooMuch as refusal:
            self._refuse_for(refusal)

    def on_message_complete(self) -> None:
        exchange = self.arriving
        self._progress = True
        self._in_head = False
        if self.is_dropping or exchange is None:
            return
        method = self._http.get_method()
        if self._says_connection:
            if self._http.should_upgrade() and method != b"CONNECT":
                return  # feed_data() raises, and _parse() sees to it
            if (version := self._http.get_http_version()) != "1.1":
                self.is_dropping = refuses_version(exchange, version)
        self.arriving = None
        exchange.method = method
        exchange.target = self._url
        exchange.body = self._body.take(exchange)
        if not self._http.should_keep_alive() or method == b"CONNECT":  # what follows a CONNECT is not HTTP
            exchange.keep_alive = False
            if (version := self._http.get_http_version()) != "1.1":
                refuses_version(exchange, version)
            self.is_dropping = True
        self._sink.arrived(exchange)

    def _without_upgrade(self, rest: bytes | memoryview) -> bytes:
        """h2c (which Java's client always offers) and the like are not spoken here, and HTTP/1.1 lets a server ignore
        the offer: a fresh parser gets what is returned, the same request without it and the rest."""
        if self.arriving is None or self.is_dropping:
            return b""
        head = without_offer(self._http.get_method(), self._url, self._headers)
        self._http = httptools.HttpRequestParser(self)
        return head + rest

    # refusals: answered in order, without reading what is left; then the connection ends

    def _refuse_head(self) -> None:
        self._refuse(431, "HeadersTooLarge", f"the request's line and headers are more than {HEAD_MAX_BYTES} bytes")

    def _refuse_for(self, refusal: TooMuch) -> None:
        self._refuse(STATUS_OF[refusal.code], refusal.code, str(refusal))

    def _refuse(self, status: int, code: str, message: str) -> None:
        if self.is_dropping:
            return
        exchange = self.arriving or Exchange(self._sink, monotonic())
        self.arriving = None
        self.stop()
        exchange.keep_alive = False
        exchange.refusal = (status, code, message)
        self._sink.arrived(exchange)
