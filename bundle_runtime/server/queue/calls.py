"""Which frame takes a request to the worker: a plain one, or a call that says more than the fields."""

from __future__ import annotations

from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.trace import trace_context

FIELDS = {"as": "fields"}  # the fields of one request: without a trace a plain REQUEST does


def as_call(
    exchange: Exchange, head: dict[str, Any], payload: bytes, *, batches: bool, traces: bool
) -> tuple[int, bytes]:
    """Kind and payload of the frame. Calls go alone, so what can be batched is: a batch neither streams nor belongs to
    one trace."""
    if batches and head["as"] == "fields":
        return wire.REQUEST, payload
    trace = trace_context(exchange) if traces else {}
    if trace:
        head = {**head, "trace": trace}
    if head == FIELDS:
        return wire.REQUEST, payload
    return wire.CALL, wire.pack_call(head, payload)
