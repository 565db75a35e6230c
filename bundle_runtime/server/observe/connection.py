"""A connection that says when a response is over, with its status and size."""

from __future__ import annotations

import asyncio

from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.observe.observer import CLIENT_GONE, ObservedServer

_STATUS = slice(len(b"HTTP/1.1 "), len(b"HTTP/1.1 200"))


class ObservedConnection(HttpConnection):
    """One client."""

    def __init__(self, server: ObservedServer, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(server, loop)
        self._server = server
        self._status = 0  # of the response in parts that has begun
        self._size = 0  # of what has been written of it

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        asked = self._asks(exchange)
        super().reply(exchange, head, body, more)
        if asked:
            self._server.ended(exchange, int(head[_STATUS]), 0 if exchange.method == b"HEAD" else len(body))

    def begin(self, exchange: Exchange, head: bytes, more: bytes) -> None:
        if self._asks(exchange):
            self._status, self._size = int(head[_STATUS]), 0
        super().begin(exchange, head, more)

    def write(self, exchange: Exchange, data: bytes) -> None:
        if self._asks(exchange):
            self._size += len(data)
        super().write(exchange, data)

    def finish(self, exchange: Exchange, *, whole: bool) -> None:
        asked = self._asks(exchange)
        super().finish(exchange, whole=whole)
        if asked:
            self._server.ended(exchange, self._status, self._size)

    def connection_lost(self, error: Exception | None) -> None:
        left = self._current
        size = 0 if left is None or left.stream is None else self._size
        super().connection_lost(error)
        if left is not None:
            self._server.ended(left, CLIENT_GONE, size)

    def _asks(self, exchange: Exchange) -> bool:
        """Somebody waits for what is written of this response."""
        return self._transport is not None and exchange is self._current
