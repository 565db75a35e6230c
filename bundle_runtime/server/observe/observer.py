"""What an observer of requests is, and the server as connections see it when there are observers."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Protocol

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.handler import Handler

CLIENT_GONE = 499  # the status of a request whose client left before the response's end


class Observer(Protocol):
    """Called for each request of a client."""

    def begun(self, exchange: Exchange) -> None:
        """The server is about to get it."""

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        """Its response has been written, so many bytes of a body."""

    def close(self) -> None:
        """The process is about to end: what is still here goes out, or is lost within two seconds."""


class ObservedServer:
    """The server, as connections see it. An observer's mistake is in the log and costs no request anything."""

    def __init__(self, server: Handler, observers: Sequence[Observer]) -> None:
        self.memory = server.memory
        self.lifecycle = server.lifecycle
        self.limits = server.limits
        self.connections = server.connections
        self.too_many = server.too_many
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
