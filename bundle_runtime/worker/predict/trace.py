"""The caller's trace, for the user's OpenTelemetry where user code has imported it: spans become part of the trace."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any, ContextManager, Iterator

_NOT_TRACED: ContextManager[None] = contextlib.nullcontext()


def traced(carrier: dict[str, str] | None) -> ContextManager[None]:
    """``carrier`` holds ``traceparent`` and ``tracestate``."""
    if not carrier or "opentelemetry" not in sys.modules:
        return _NOT_TRACED
    return _attached(carrier)


@contextlib.contextmanager
def _attached(carrier: dict[str, str]) -> Iterator[None]:
    token: Any = None
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
