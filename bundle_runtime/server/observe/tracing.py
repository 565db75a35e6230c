"""Spans by OpenTelemetry: one for each request of a client, and below it one for each phase that the metrics have.

Imported only where spans are asked for. The SDK reads its own variables (OTEL_EXPORTER_OTLP_*, OTEL_SERVICE_NAME,
OTEL_TRACES_SAMPLER, OTEL_BSP_*), and its thread exports.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Container
from time import monotonic

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.trace import trace_context
from bundle_runtime.server.observe.observer import CLIENT_GONE
from bundle_runtime.server.queue.phases import Phases, queued
from bundle_runtime.server.queue.request import Pending

CLOSE_SECONDS = 2.0
_MODEL = re.compile(r"^(/v[12]/models/)[^/:]+")
_VERSION = re.compile(r"/versions/[^/]+")
_METHODS = frozenset((b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH"))


class RequestSpan:
    """Of one exchange. All times are of the clock that the metrics use; ``base_ns`` is what the wall said at its 0."""

    __slots__ = ("admitted", "base_ns", "phases", "span")

    def __init__(self, span: Span, base_ns: int) -> None:
        self.span = span
        self.base_ns = base_ns
        self.admitted = 0.0
        self.phases: tuple[float, ...] = ()  # seconds, in their order

    @property
    def trace_id(self) -> str:
        return f"{self.span.get_span_context().trace_id:032x}"

    def at(self, moment: float) -> int:
        """Nanoseconds, as spans have them."""
        return self.base_ns + int(moment * 1e9)


class TracedPhases(Phases):
    """Hands each request's times to its span."""

    def observe(self, pending: Pending, now: float, phases: wire.Phases) -> None:
        super().observe(pending, now, phases)
        span: RequestSpan | None = getattr(pending.context, "span", None)
        if span is not None:
            waited = pending.queued if pending.queued >= 0.0 else queued(now - pending.admitted, phases)
            span.admitted = pending.admitted
            span.phases = (waited, *(micros * 1e-6 for micros in phases))


class Tracing:
    """``untraced`` are paths that are asked for again and again, as by probes."""

    def __init__(self, name: str, digest: str, untraced: Container[bytes]) -> None:
        self._untraced = untraced
        given = {} if os.environ.get("OTEL_SERVICE_NAME") else {SERVICE_NAME: name}
        # the SDK's own end at the exit of the process may take as long as a collector that is away: see close()
        self._provider = TracerProvider(
            resource=Resource.create({**given, SERVICE_VERSION: digest}), shutdown_on_exit=False
        )
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("modelbundle.server")
        self._propagator = TraceContextTextMapPropagator()

    def begun(self, exchange: Exchange) -> None:
        exchange.span = None
        path = exchange.target.partition(b"?")[0]
        if path in self._untraced:
            return
        carrier = trace_context(exchange)
        base = time.time_ns() - int(monotonic() * 1e9)
        span = self._tracer.start_span(
            _method(exchange),
            self._propagator.extract(carrier),
            SpanKind.SERVER,
            {
                "http.request.method": _method(exchange),
                "url.path": path.decode("utf-8", "replace"),
                "url.scheme": "http",
            },
            start_time=base + int(exchange.started * 1e9),
        )
        exchange.span = RequestSpan(span, base)
        if not carrier:  # what a state says belongs to a parent
            exchange.headers = [header for header in exchange.headers if header[0].lower() != b"tracestate"]
        context = span.get_span_context()
        # the user's spans are children of this one
        exchange.traceparent = b"00-%032x-%016x-%02x" % (context.trace_id, context.span_id, context.trace_flags)

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        request: RequestSpan | None = getattr(exchange, "span", None)
        if request is None:
            return
        span = request.span
        if span.is_recording():
            if status != CLIENT_GONE:
                span.set_attribute("http.response.status_code", status)
                span.set_attribute("http.response.body.size", size)
            route = _route(exchange, status)
            if route:
                span.set_attribute("http.route", route)
                span.update_name(f"{_method(exchange)} {route}")
            span.set_attribute("http.response.header.x-request-id", [exchange.request_id.decode("ascii", "replace")])
            if status >= 500 or status == CLIENT_GONE:
                span.set_attribute("error.type", "ClientGone" if status == CLIENT_GONE else str(status))
                span.set_status(StatusCode.ERROR)
            self._phases(request)
        span.end(request.at(monotonic()))

    def _phases(self, request: RequestSpan) -> None:
        context = set_span_in_context(request.span)
        begin = request.admitted
        for name, seconds in zip(("queue", "batch", "predict", "encode"), request.phases, strict=False):
            child = self._tracer.start_span(name, context, start_time=request.at(begin))
            begin += seconds
            child.end(request.at(begin))

    def close(self) -> None:
        """A collector that is away is not waited for."""
        flushing = threading.Thread(target=self._provider.force_flush, daemon=True)
        flushing.start()
        flushing.join(CLOSE_SECONDS)

    def phases(self) -> Phases:
        """For the dispatcher."""
        return TracedPhases()


def _route(exchange: Exchange, status: int) -> str:
    """The path without what a client chose of it; empty for a path that is none of the server's."""
    if exchange.refusal is not None or status in (404, 405):
        return ""
    path = exchange.target.partition(b"?")[0].decode("ascii", "replace")
    return _VERSION.sub("/versions/{version}", _MODEL.sub(r"\1{model}", path))


def _method(exchange: Exchange) -> str:
    return exchange.method.decode() if exchange.method in _METHODS else "_OTHER"
