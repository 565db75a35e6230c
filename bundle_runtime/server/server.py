"""The owner of the parts: makes them, hands each request to the one that answers it, and looks after all connections.

What the routes answer is in routes.py and protocols/; docs/reference/pod-contract.md is the contract.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import Mapping
from typing import Any

from bundle_runtime.server.bundle import ServedBundle
from bundle_runtime.server.counters import Counters
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.open_connections import OpenConnections
from bundle_runtime.server.http.responses import Responses
from bundle_runtime.server.lifecycle import SERVING, Lifecycle
from bundle_runtime.server.limits import DEFAULT_LIMITS, Limits
from bundle_runtime.server.memory import Memory
from bundle_runtime.server.metrics import Metrics, Snapshot
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.readiness import Readiness
from bundle_runtime.server.routes import StatusRoutes
from bundle_runtime.server.worker.link import WorkerLink

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")


class Server:
    """One bundle over HTTP. ``document`` is the bundle's, with ValueError or jsonschema_rs.ReferencingError when its
    schemas cannot be used; times are in seconds. ``restarts``: how many processes that served were killed before.
    ``tracebacks``: answers may hold lines of the user's code."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        document: Mapping[str, Any],
        digest: str,
        *,
        max_concurrency: int,
        queue_limit: int,
        timeout_seconds: float,
        stall_seconds: float,
        name: str = "",
        limits: Limits = DEFAULT_LIMITS,
        restarts: int = 0,
        tracebacks: bool = False,
    ) -> None:
        self._loop = loop
        self._restarts = restarts
        self.limits = limits
        self.connections = OpenConnections(limits.connections, loop)
        self.bundle = ServedBundle(document, digest, name)
        self.memory = Memory(limits.memory_bytes)
        self.lifecycle = Lifecycle()
        self.counters = Counters()
        self.dispatcher = Dispatcher(loop, max_concurrency, queue_limit, timeout_seconds, self.lifecycle)
        self.link = WorkerLink(loop, digest, self.dispatcher, self.memory, self.lifecycle, stall_seconds, tracebacks)
        self.responses = Responses(digest, self.counters)
        self.readiness = Readiness(self.lifecycle, self.dispatcher, self.link, timeout_seconds)
        self.predictions = Predictions(
            loop,
            self.bundle,
            self.memory,
            self.dispatcher,
            self.link,
            self.responses,
            self.readiness,
            self.counters,
            timeout_seconds,
            limits,
        )
        self.metrics = Metrics(self.counters, self._snapshot)
        self._status = StatusRoutes(
            self.bundle,
            self.responses,
            self.readiness,
            self.lifecycle,
            self.dispatcher,
            self.link,
            self.metrics.text,
            stall_seconds,
            limits,
        )
        self.status_paths = frozenset(self._status.routes)
        self._id_prefix = os.urandom(6).hex().encode("ascii")
        self._numbers = itertools.count(1)

    def too_many(self) -> bytes:
        """The response to a connection for which there is no room, counted."""
        return self.responses.too_many(self.limits.connections)

    def handle(self, exchange: Exchange) -> None:
        """Answers a request, now or when the worker has."""
        if not exchange.request_id or not _REQUEST_ID.fullmatch(exchange.request_id):
            exchange.request_id = self.new_id()
        try:
            if exchange.refusal is not None:
                _, code, message = exchange.refusal
                self.responses.failed(exchange, code, message)
            elif exchange.target == b"/predict" and exchange.method == b"POST" and exchange.is_uncompressed:
                self.predictions.predict(exchange, self.predictions.fields)
            else:
                self._route(exchange)
        except Exception as error:
            self.responses.internal_error(exchange, error)

    def handle_status(self, exchange: Exchange) -> None:
        """Answers what the server reports of itself, and nothing else: for the listener of probes."""
        exchange.request_id = self.new_id()
        if exchange.refusal is not None:
            _, code, message = exchange.refusal
            self.responses.error(exchange, code, message)
        elif exchange.target.partition(b"?")[0] in self._status.routes:
            self._route(exchange)
        else:
            self.responses.error(exchange, "NotFound", "this port is for probes and /metrics")

    def new_id(self) -> bytes:
        """For a request that has none."""
        return b"%b-%x" % (self._id_prefix, next(self._numbers))

    def _route(self, exchange: Exchange) -> None:
        if not exchange.target.startswith(b"/"):
            exchange.to_origin_form()
        path = exchange.target.partition(b"?")[0]
        route = self._status.routes.get(path)
        if route is None:
            from bundle_runtime.server.protocols import routes as protocols  # what most pods are never asked

            protocols.route(self.predictions, exchange, path)
        elif exchange.method not in (b"GET", b"HEAD"):
            message = f"{path.decode()} takes GET"
            self.responses.error(exchange, "MethodNotAllowed", message, more=b"allow: GET, HEAD\r\n")
        else:
            route(exchange)

    def tick(self) -> None:
        """Once a second."""
        self.responses.headers.clear()
        now = self._loop.time()
        self.connections.check(now)
        self.predictions.tick()
        self.link.tick(now)
        if not self.dispatcher.has_worker and not self.readiness.expects_worker():
            self.dispatcher.give_up()

    def _snapshot(self) -> Snapshot:
        """What metrics tell of this moment."""
        return Snapshot(
            in_flight=self.dispatcher.in_flight,
            queue_depth=self.dispatcher.queue_depth,
            connections=len(self.connections),
            connections_ended=self.connections.ended + self.memory.small.ended,
            slow_readers_ended=self.memory.unread.ended,
            refusals=self.memory.refusals,
            worker_up=self.link.loaded,
            draining=self.lifecycle.stage is not SERVING,
            heartbeat_age=self.link.heartbeat_age or 0.0,
            workers_lost=self.link.lost,
            load_seconds=self.link.load_seconds,
            phases=self.dispatcher.phases.histograms,
            batch_sizes=self.dispatcher.batch_sizes,
            digest=self.bundle.digest,
            worker_python=str(self.link.worker.get("python") or ""),
            server_restarts=self._restarts,
            user_metrics_missed=self.link.metrics.missed,
        )
