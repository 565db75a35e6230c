"""Which observers there are: those that an option or the environment asks for."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bundle_runtime.server.observe.observer import Observer
from bundle_runtime.server.server import Server

if TYPE_CHECKING:
    from bundle_runtime.server.observe.tracing import Tracing


def observers(
    server: Server, loop: asyncio.AbstractEventLoop, *, access_log: bool, environ: Mapping[str, str] = os.environ
) -> list[Observer]:
    """In the order in which they are told; none when nothing is asked for. Before the first request."""
    found: list[Observer] = []
    if traces(environ) and (tracing := _tracing(server)) is not None:
        server.dispatcher.phases = tracing.phases()
        found.append(tracing)
    if access_log:
        from bundle_runtime.server.observe.access_log import AccessLog

        found.append(AccessLog(loop))
    return found


def traces(environ: Mapping[str, str]) -> bool:
    """Whether spans are asked for, in the variables that all of OpenTelemetry has."""
    endpoint = environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") or environ.get("OTEL_EXPORTER_OTLP_ENDPOINT")
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    return bool(endpoint) and not off


def _tracing(server: Server) -> Tracing | None:
    try:
        from bundle_runtime.server.observe.tracing import Tracing
    except ImportError as error:
        text = f"no spans, as {error}: install opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http"
        print(f"server: {text}", file=sys.stderr, flush=True)
        return None
    return Tracing(server.bundle.name, server.bundle.digest, server.status_paths)
