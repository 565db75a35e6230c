"""What the server says of itself: probes, metrics, and GET / (docs/reference/pod-contract.md is the contract)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import TEXT
from bundle_runtime.server.lifecycle import SERVING

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

PRODUCT = "Model Bundles"
HELD = "every place of the worker is held by a request that is past its deadline"


def _healthz(app: App, exchange: Exchange) -> None:
    app.json(exchange, {"status": "ok"})


def _readyz(app: App, exchange: Exchange) -> None:
    why = app.not_ready()
    if why is None:
        app.json(exchange, {"status": "ready"})
    else:
        app.error(exchange, *why)


def _started(app: App, exchange: Exchange) -> None:
    if app.link.loaded:
        app.json(exchange, {"status": "started"})
    else:
        app.error(exchange, "NotReady", app.why_not_ready())


def _alive(app: App, exchange: Exchange) -> None:
    age = app.link.heartbeat_age
    held = app.dispatcher.held_seconds
    limit = app.stall_seconds or math.inf
    if age is not None and age > limit:
        app.error(exchange, "WorkerStalled", f"no sign of life from the worker for {age:.0f} s")
    elif held > limit:
        app.error(exchange, "WorkerStalled", f"{HELD}, for {held:.0f} s")
    else:
        app.json(exchange, {"status": "alive", "heartbeatAgeSeconds": age})


def _metrics(app: App, exchange: Exchange) -> None:
    exchange.reply(app.heads.get(200, TEXT), app.metrics.text())


def _about(app: App, exchange: Exchange) -> None:
    app.json(
        exchange,
        {
            "product": PRODUCT,
            "status": "alive",  # by which clients of KServe's V1 know a server
            "digest": app.digest,
            "state": "Draining" if app.lifecycle.stage is not SERVING else app.link.state,
            "failure": app.link.failure,
            "worker": {key: app.link.worker.get(key) for key in ("python", "pid", "maxConcurrency")},
            "loadSeconds": app.link.load_seconds,
            **app.schemas,
        },
    )


ROUTES: dict[bytes, Callable[[App, Exchange], None]] = {
    b"/": _about,
    b"/healthz": _healthz,
    b"/readyz": _readyz,
    b"/metrics": _metrics,
    b"/internal/worker/started": _started,
    b"/internal/worker/alive": _alive,
}
