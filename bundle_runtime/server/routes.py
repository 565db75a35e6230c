"""What the server reports of itself: probes, metrics, and GET / (docs/reference/pod-contract.md is the contract)."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from bundle_runtime.server.bundle import ServedBundle
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import TEXT, Responses
from bundle_runtime.server.lifecycle import SERVING, Lifecycle
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.readiness import ALL_PLACES_HELD, Readiness
from bundle_runtime.server.worker.link import WorkerLink

PRODUCT = "Model Bundles"


class StatusRoutes:
    """``routes`` is who answers by path. ``metrics`` gives the text for Prometheus, with that of user code in it; a
    worker that gives no sign of life for ``stall_seconds`` is not alive, 0 leaves that out."""

    def __init__(
        self,
        bundle: ServedBundle,
        responses: Responses,
        readiness: Readiness,
        lifecycle: Lifecycle,
        dispatcher: Dispatcher,
        link: WorkerLink,
        metrics: Callable[[bytes], bytes],
        stall_seconds: float,
        limits: Limits,
    ) -> None:
        self._bundle = bundle
        self._responses = responses
        self._readiness = readiness
        self._lifecycle = lifecycle
        self._dispatcher = dispatcher
        self._link = link
        self._text = metrics
        self._stall_seconds = stall_seconds or math.inf
        self._limits = limits
        self.routes: dict[bytes, Callable[[Exchange], None]] = {
            b"/": self._about,
            b"/healthz": self._healthz,
            b"/readyz": self._readyz,
            b"/metrics": self._metrics,
            b"/internal/worker/started": self._started,
            b"/internal/worker/alive": self._alive,
        }

    def _healthz(self, exchange: Exchange) -> None:
        self._responses.json(exchange, {"status": "ok"})

    def _readyz(self, exchange: Exchange) -> None:
        reason = self._readiness.not_ready()
        if reason is None:
            self._responses.json(exchange, {"status": "ready"})
        else:
            self._responses.error(exchange, *reason)

    def _started(self, exchange: Exchange) -> None:
        if self._link.loaded:
            self._responses.json(exchange, {"status": "started"})
        else:
            self._responses.error(exchange, "NotReady", self._readiness.why_no_worker())

    def _alive(self, exchange: Exchange) -> None:
        age = self._link.heartbeat_age
        held = self._dispatcher.held_seconds
        if age is not None and age > self._stall_seconds:
            self._responses.error(exchange, "WorkerStalled", f"no sign of life from the worker for {age:.0f} s")
        elif held > self._stall_seconds:
            self._responses.error(exchange, "WorkerStalled", f"{ALL_PLACES_HELD}, for {held:.0f} s")
        else:
            self._responses.json(exchange, {"status": "alive", "heartbeatAgeSeconds": age})

    def _metrics(self, exchange: Exchange) -> None:
        self._link.metrics.ask(partial(self._with_metrics, exchange))

    def _with_metrics(self, exchange: Exchange, of_user: bytes) -> None:
        try:
            exchange.reply(self._responses.headers.get(200, TEXT), self._text(of_user))
        except Exception as error:  # it may be called for the worker's frame, which goes on
            self._responses.internal_error(exchange, error)

    def _about(self, exchange: Exchange) -> None:
        link = self._link
        self._responses.json(
            exchange,
            {
                "product": PRODUCT,
                "status": "alive",  # by which clients of KServe's V1 know a server
                "digest": self._bundle.digest,
                "state": link.state if self._lifecycle.stage is SERVING else "Draining",
                "failure": link.failure,
                "worker": {key: link.worker.get(key) for key in ("python", "pid", "maxConcurrency")},
                "loadSeconds": link.load_seconds,
                "limits": self._limits.described(),
                "requestSchema": self._bundle.request_schema_json,
                "responseSchema": self._bundle.response_schema_json,
            },
        )
