"""Who answers the requests of all connections of a listener: the server, or what answers probes alone."""

from __future__ import annotations

from typing import Protocol

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.open_connections import OpenConnections
from bundle_runtime.server.lifecycle import Lifecycle
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.memory import Memory


class Handler(Protocol):
    """Answers the requests of all connections, and owns what they share."""

    memory: Memory
    lifecycle: Lifecycle
    limits: Limits
    connections: OpenConnections

    def handle(self, exchange: Exchange) -> None:
        """Answers now, or later, through the exchange."""

    def too_many(self) -> bytes:
        """The response to a connection for which there is no room."""


class Before:
    """A handler that stands before another one, ``behind``, which owns what all connections share."""

    def __init__(self, behind: Handler) -> None:
        self.memory = behind.memory
        self.lifecycle = behind.lifecycle
        self.limits = behind.limits
        self.connections = behind.connections
        self.too_many = behind.too_many
