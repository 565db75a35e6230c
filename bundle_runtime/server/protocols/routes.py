"""The routes of all protocols, each in a module of its own that is imported when it is first asked for.

A protocol module has ``ROUTES`` (method, pattern of the path, function) and ``error_body``. Its functions get the
predictions, the exchange and the pattern's groups; those that predict call ``predictions.predict`` with their codec.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from urllib.parse import unquote_to_bytes

from bundle_runtime.server.http.content_coding import decoding
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.refusal import Refused

_BINARY = b"inference-header-content-length"  # of a body that is JSON and bytes behind it
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
            answer = partial(function, predictions, exchange, **names)
            if exchange.is_uncompressed:
                answer()
            else:
                predictions.turns.take(_decoded(predictions, exchange, answer))
            return
        allowed.append(method)
    if allowed:
        allow = b", ".join(allowed)
        message = f"{text} takes {allow.decode()}"
        responses.error(exchange, "MethodNotAllowed", message, more=b"allow: %b\r\n" % allow)
    else:
        responses.error(exchange, "NotFound", _KNOWN)


def _decoded(predictions: Predictions, exchange: Exchange, answer: Callable[[], None]) -> Iterator[None]:
    """Decompresses the body in steps, and answers; or ends when the client has gone."""
    limit, is_text = predictions.limits.request_bytes, not exchange.header(_BINARY)
    steps = decoding(exchange, predictions.memory, limit, is_text=is_text)
    try:
        while True:
            try:
                next(steps)
            except StopIteration as done:
                exchange.body = done.value
                break
            yield
            if not exchange.connection.awaits(exchange):
                return
        answer()
    except Refused as refusal:
        predictions.responses.refused(exchange, refusal)
    except Exception as error:
        predictions.responses.internal_error(exchange, error)


def _unquoted(value: str | None) -> str | None:
    return None if value is None else unquote_to_bytes(value).decode("utf-8", "replace")
