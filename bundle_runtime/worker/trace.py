"""The caller's trace, for the user's OpenTelemetry where user code has imported it: spans become part of the trace."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any, Iterator


@contextlib.contextmanager
def traced(carrier: dict[str, str] | None) -> Iterator[None]:
    """``carrier`` holds ``traceparent`` and ``tracestate``."""
    token: Any = None
    if carrier and "opentelemetry" in sys.modules:
        try:
            context = importlib.import_module("opentelemetry.context")
            propagate = importlib.import_module("opentelemetry.propagate")
        except ImportError:
            pass
        else:
            token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        if token is not None:
            context.detach(token)
