"""Cross-origin resource sharing (CORS): the web pages of other origins that may ask this server from a browser.

Where none is set nothing of this runs, and browsers keep the responses from pages of other origins. It does not protect
the server: browsers alone heed it, and they send some requests without asking first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bundle_runtime.server.http.exchange import Exchange, Responder
from bundle_runtime.server.http.handler import Before
from bundle_runtime.server.server import Server

ANY = "*"
_EXPOSED = b"x-modelbundle-digest, x-request-id, retry-after, inference-header-content-length"
_ALLOWED = b"access-control-allow-methods: GET, HEAD, POST\r\naccess-control-max-age: 600\r\n"
_NAMES = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~, -]{1,1024}")  # of headers, as they come back


class CrossOrigin(Before):
    """Hands the requests of all connections to the server, and lets pages of ``origins`` read its responses."""

    def __init__(self, server: Server, origins: Iterable[str]) -> None:
        super().__init__(server)
        self._server = server
        self._origins = frozenset(origin.encode() for origin in origins)
        self._is_any = ANY.encode() in self._origins

    def handle(self, exchange: Exchange) -> None:
        """Answers what a browser asks before a request (a preflight); the server answers all else."""
        origin = exchange.header(b"origin")
        if not origin:
            self._server.handle(exchange)
            return
        allowed = self._is_any or origin in self._origins
        exchange.connection = _WithHeaders(exchange.connection, self._lines(origin if allowed else b""))
        if allowed and exchange.method == b"OPTIONS" and exchange.header(b"access-control-request-method"):
            self._preflight(exchange)
        else:
            self._server.handle(exchange)

    def _lines(self, origin: bytes) -> bytes:
        if self._is_any:
            return b"access-control-allow-origin: *\r\naccess-control-expose-headers: %b\r\n" % _EXPOSED
        if not origin:
            return b"vary: origin\r\n"
        return b"vary: origin\r\naccess-control-allow-origin: %b\r\naccess-control-expose-headers: %b\r\n" % (
            origin,
            _EXPOSED,
        )

    def _preflight(self, exchange: Exchange) -> None:
        exchange.request_id = self._server.new_id()
        lines = _ALLOWED
        names = exchange.header(b"access-control-request-headers")
        if _NAMES.fullmatch(names):
            lines += b"access-control-allow-headers: %b\r\n" % names
        exchange.reply(self._server.responses.headers.get(200), b"{}", lines)


class _WithHeaders:
    """A connection whose response to one exchange has more ``lines`` in its head."""

    def __init__(self, connection: Responder, lines: bytes) -> None:
        self._connection = connection
        self._lines = lines
        self.write = connection.write
        self.finish = connection.finish
        self.awaits = connection.awaits
        self.abort = connection.abort

    @property
    def writing_paused(self) -> bool:
        return self._connection.writing_paused

    @property
    def keepalive_announced(self) -> bool:
        return self._connection.keepalive_announced

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        self._connection.reply(exchange, head, body, more + self._lines)

    def begin(self, exchange: Exchange, head: bytes, more: bytes) -> None:
        self._connection.begin(exchange, head, more + self._lines)
