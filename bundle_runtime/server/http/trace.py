"""W3C Trace Context: what a caller's headers say of the trace that a request belongs to, passed on to the worker.

Without spans of its own the server passes the context on unchanged, as the recommendation asks of a server that does
not take part; with them (observe/tracing.py) it puts its span in the parent's place. What breaks the format is dropped:
a trace that starts again is better than a wrong one.
"""

from __future__ import annotations

import re

from bundle_runtime.server.http.exchange import Exchange

# version 00 exactly; a later version may carry more behind it
_PARENT = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?P<more>-.*)?")
_MAX_STATE = 4096


def trace_context(exchange: Exchange) -> dict[str, str]:
    """``traceparent`` and ``tracestate``; empty when there is none that is valid."""
    parent = exchange.traceparent.strip()
    match = _PARENT.fullmatch(parent)
    if match is None or (match["more"] is not None and parent.startswith(b"00")):
        return {}
    found = {"traceparent": parent.decode("ascii", "replace")}
    state = exchange.header(b"tracestate").strip()
    if state and len(state) <= _MAX_STATE and state.isascii():
        found["tracestate"] = state.decode("ascii")
    return found
