"""What an observer of requests is, and the server as connections see it when there are observers."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Protocol

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.handler import Before, Handler
from bundle_runtime.server.http.responses import STATUS_OF

CLIENT_GONE = STATUS_OF["ClientGone"]  # of a request whose client left before the response's end


class Observer(Protocol):
    """Called for each request of a client."""

    def begun(self, exchange: Exchange) -> None:
        """The server is about to get it."""

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        """Its response has been written, so many bytes of a body."""

    def close(self) -> None:
        """The process is about to end: what is still here goes out, or is lost within two seconds."""


class ObservedServer(Before):
    """The server, as connections see it. An observer's mistake is in the log and costs no request anything."""

    def __init__(self, server: Handler, observers: Sequence[Observer]) -> None:
        super().__init__(server)
        self._server = server
        self._observers = observers

    def handle(self, exchange: Exchange) -> None:
        """Answers a request, now or when the worker has."""
        try:
            for observer in self._observers:
                observer.begun(exchange)
        except Exception as error:
            traceback.print_exception(error)
        self._server.handle(exchange)

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        """The last byte of the response has been written, or there is nobody to write it to."""
        try:
            for observer in self._observers:
                observer.ended(exchange, status, size)
        except Exception as error:
            traceback.print_exception(error)
