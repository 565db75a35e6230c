"""A stand-in for an OpenTelemetry collector: it takes spans over OTLP/HTTP and keeps them, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

from tools.testkit.http_in_thread import HttpInThread, Quiet


@dataclass(frozen=True)
class Span:
    """As it was received; times are nanoseconds."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    start: int
    end: int
    failed: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector(HttpInThread):
    def __init__(self) -> None:
        self.spans: list[Span] = []
        kept = self.spans

        class Handler(Quiet):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                kept.extend(_read(self.rfile.read(int(self.headers["content-length"]))))
                self.send_whole(200)

        super().__init__(Handler)

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]

    def below(self, parent: Span) -> dict[str, Span]:
        return {span.name: span for span in self.spans if span.parent == parent.id}


def _read(body: bytes) -> list[Span]:
    request = ExportTraceServiceRequest.FromString(body)
    return [
        Span(
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.kind,
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            span.status.code == span.status.STATUS_CODE_ERROR,
            {entry.key: _value(entry.value) for entry in span.attributes},
            {entry.key: _value(entry.value) for entry in group.resource.attributes},
        )
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _value(value: AnyValue) -> Any:
    if value.HasField("array_value"):
        return [_value(item) for item in value.array_value.values]
    return getattr(value, str(value.WhichOneof("value")))
