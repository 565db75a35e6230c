"""A listener for the kubelet's probes and for /metrics alone: however many clients there are, these get through.

The kubelet asks once a second whether the pod is ready, so a model that is loaded would wait half a second for the next
question. A question that comes before is kept, and answered as soon as it is loaded.
"""

from __future__ import annotations

import asyncio
from functools import partial

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.open_connections import OpenConnections
from bundle_runtime.server.lifecycle import SERVING
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.server import Server
from bundle_runtime.server.worker.link import LOADING, WAITING

CONNECTIONS_MAX = 64
BODY_MAX_BYTES = 1024  # a probe has none
IDLE_SECONDS = 30.0
READY = b"/readyz"
# below the probe's own time-out, and more than its period: then the kubelet asks again at once
KEPT_SECONDS = 1.5


class Probes:
    """Answers what the server reports of itself, and nothing else. When there are too many connections the oldest one
    ends: who keeps one open, or asks and does not read, keeps nobody out."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self.memory = server.memory
        self.lifecycle = server.lifecycle
        self.limits = Limits(BODY_MAX_BYTES, IDLE_SECONDS)
        self.connections = OpenConnections(CONNECTIONS_MAX, loop, keeps_busy=False)
        self._server = server
        self._loop = loop
        self._kept: dict[Exchange, asyncio.TimerHandle] = {}
        self._loaded_once = False
        server.link.on_loaded = self._loaded

    def handle(self, exchange: Exchange) -> None:
        """Answers at once; until a worker has first loaded the bundle, readiness a moment later."""
        if exchange.target == READY and exchange.refusal is None and self._may_load_soon():
            self._kept[exchange] = self._loop.call_later(KEPT_SECONDS, self._answer, exchange)
            exchange.cancel = partial(self._forget, exchange)
        else:
            self._server.handle_status(exchange)

    def _may_load_soon(self) -> bool:
        """A pod that was ready is asked so that it is left out as soon as it is not."""
        return (
            not self._loaded_once and self.lifecycle.stage is SERVING and self._server.link.state in (WAITING, LOADING)
        )

    def _loaded(self) -> None:
        self._loaded_once = True
        for exchange in self._kept:
            self._loop.call_soon(self._answer, exchange)  # not within what the worker's frame brings about

    def _answer(self, exchange: Exchange) -> None:
        """What it is by now."""
        if exchange in self._kept:
            self._forget(exchange)
            self._server.handle_status(exchange)

    def _forget(self, exchange: Exchange) -> None:
        """It is answered, or who asked has gone."""
        self._kept.pop(exchange).cancel()

    def too_many(self) -> bytes:
        """Never sent: the oldest connection ends instead."""
        return b""

    def tick(self) -> None:
        """Once a second."""
        self.connections.check(self._loop.time())
