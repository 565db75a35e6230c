"""The routes of all protocols, each in a module of its own that is imported when it is first asked for.

A protocol module has ``ROUTES`` (method, pattern of the path, function) and ``error_body``. Its functions get the
predictions, the exchange and the pattern's groups; those that predict call ``predictions.predict`` with their codec.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from urllib.parse import unquote_to_bytes

from bundle_runtime.server.http.content_coding import decoded
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.refusal import Refused

Route = tuple[bytes, re.Pattern[str], Callable[..., None]]

# the first part of a path, and who answers there
_MODULES = {
    b"predict": "prediction",
    b"launch": "launch",
    b"v1": "v1",
    b"v2": "oip.routes",
    b"openapi.json": "openapi",
    b"docs": "openapi",
}
_KNOWN = (
    "there is POST /predict, POST /launch/predict, POST /v1/models/NAME:predict, POST /v2/models/NAME/infer, and GET "
    "/, /docs, /openapi.json, /healthz, /readyz, /metrics"
)


def route(predictions: Predictions, exchange: Exchange, path: bytes) -> None:
    """Answers, or has it answered."""
    responses = predictions.responses
    name = _MODULES.get(path.split(b"/", 2)[1] if path.startswith(b"/") else b"")
    if name is None:
        responses.error(exchange, "NotFound", _KNOWN)
        return
    module = import_module(f"bundle_runtime.server.protocols.{name}")
    exchange.error_body = module.error_body
    try:
        text = path.decode("ascii")
    except UnicodeDecodeError:
        responses.error(exchange, "BadRequest", "a path is ASCII: percent-encode what is not")
        return
    allowed = []
    for method, pattern, function in module.ROUTES:
        match = pattern.fullmatch(text)
        if match is None:
            continue
        if exchange.method == method or (method == b"GET" and exchange.method == b"HEAD"):
            names = {key: _unquoted(value) for key, value in match.groupdict().items()}
            if not exchange.is_uncompressed:
                try:
                    exchange.body = decoded(exchange, predictions.memory, predictions.limits.request_bytes)
                except Refused as refusal:
                    responses.refused(exchange, refusal)
                    return
            function(predictions, exchange, **names)
            return
        allowed.append(method)
    if allowed:
        allow = b", ".join(allowed)
        message = f"{text} takes {allow.decode()}"
        responses.error(exchange, "MethodNotAllowed", message, more=b"allow: %b\r\n" % allow)
    else:
        responses.error(exchange, "NotFound", _KNOWN)


def _unquoted(value: str | None) -> str | None:
    return None if value is None else unquote_to_bytes(value).decode("utf-8", "replace")
