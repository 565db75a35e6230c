"""A listener for the kubelet's probes and for /metrics alone: however many clients there are, these get through."""

from __future__ import annotations

import asyncio

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.open_connections import OpenConnections
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.server import Server

CONNECTIONS_MAX = 64
BODY_MAX_BYTES = 1024  # a probe has none
IDLE_SECONDS = 30.0


class Probes:
    """Answers what the server reports of itself, and nothing else. When there are too many connections the oldest one
    ends: who keeps one open, or asks and does not read, keeps nobody out."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.memory = server.memory
        self.lifecycle = server.lifecycle
        self.limits = Limits(BODY_MAX_BYTES, IDLE_SECONDS)
        self.connections = OpenConnections(CONNECTIONS_MAX, loop.time, keeps_busy=False)
        self._server = server
        self._loop = loop

    def handle(self, exchange: Exchange) -> None:
        """Answers at once."""
        self._server.handle_status(exchange)

    def too_many(self) -> bytes:
        """Never sent: the oldest connection ends instead."""
        return b""

    def tick(self) -> None:
        """Once a second."""
        self.connections.check(self._loop.time())
