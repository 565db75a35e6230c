"""The protocols beside POST /predict, each in a module of its own that is imported when it is first asked for.

A protocol module has ``ROUTES`` (method, pattern of the path, function) and ``error_body``. Its functions get the app,
the exchange and the pattern's groups, and put ``exchange.answers`` where a prediction's end is told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

import orjson

from bundle_runtime.contract import wire
from bundle_runtime.server.http.content_coding import Undecodable, decoded, encoded
from bundle_runtime.server.http.exchange import Answers, Exchange
from bundle_runtime.server.http.responses import JSON
from bundle_runtime.server.memory import TooMuch
from bundle_runtime.server.queue.calls import FIELDS

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

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


COPIES = 6  # that a protocol makes of a prediction to put it its own way: as a string, and escaped
WHOLE = {**FIELDS, "whole": True}  # for a protocol without streams: what is yielded becomes a list


def route(app: App, exchange: Exchange, path: bytes) -> None:
    name = _MODULES.get(path.split(b"/", 2)[1] if path.startswith(b"/") else b"")
    if name is None:
        app.error(exchange, "NotFound", _KNOWN)
        return
    module = import_module(f"bundle_runtime.server.protocols.{name}")
    exchange.answers = Answers(_nowhere, module.error_body)
    try:
        text = path.decode("ascii")
    except UnicodeDecodeError:
        app.error(exchange, "BadRequest", "a path is ASCII: percent-encode what is not")
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
                    exchange.body = decoded(exchange, app.memory, app.max_body)
                except (Undecodable, TooMuch) as error:
                    app.failed(exchange, error.code, str(error))
                    return
            function(app, exchange, **names)
            return
        allowed.append(method)
    if allowed:
        allow = b", ".join(allowed)
        message = f"{text} takes {allow.decode()}"
        app.error(exchange, "MethodNotAllowed", message, more=b"allow: %b\r\n" % allow)
    else:
        app.error(exchange, "NotFound", _KNOWN)


def call(app: App, exchange: Exchange, predicted: Callable[[bytes], None], head: dict[str, Any], body: bytes) -> None:
    """Send what has been checked to the worker. ``head`` says what ``body`` is."""
    assert exchange.answers is not None
    exchange.answers = exchange.answers._replace(predicted=predicted)
    app.submit(exchange, body, head)


def call_with_fields(
    app: App,
    exchange: Exchange,
    fields: Any,
    predicted: Callable[[bytes], None],
    head: dict[str, Any] = FIELDS,
) -> None:
    """As POST /predict would have it: checks ``fields`` and sends them."""
    if type(fields) is not dict:
        app.failed(exchange, "NotJSON", "the fields of the request must be a JSON object")
        return
    schema = app.request_schema
    if schema is not None and not schema.accepts(fields):
        app.violates(exchange, schema.violations(fields))
        return
    call(app, exchange, partial(_checked, app, exchange, predicted), head, wire.pack_fields(fields))


def _checked(app: App, exchange: Exchange, predicted: Callable[[bytes], None], payload: bytes) -> None:
    if keeps_promise(app, exchange, payload):
        predicted(payload)


def keeps_promise(app: App, exchange: Exchange, payload: bytes, *, each: bool = False) -> bool:
    """The worker's JSON against the response schema, or ``each`` entry of it. False when it breaks it and the exchange
    has been answered so."""
    if not app.has_memory_for_answer(exchange, payload, copies=COPIES):
        return False
    if app.response_schema is None:
        return True
    try:
        answer = orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        app.failed(exchange, "ResponseNotJSON", f"the worker's answer is no JSON: {error}")
        return False
    return not any(app.is_broken_promise(exchange, prediction) for prediction in (answer if each else [answer]))


def body_object(app: App, exchange: Exchange) -> dict[str, Any] | None:
    """The body as a JSON object; None when it is none and the exchange has been answered so."""
    if not app.has_memory_for(exchange, exchange.body):
        return None
    try:
        value = orjson.loads(exchange.body)
    except orjson.JSONDecodeError as error:
        app.failed(exchange, "NotJSON", f"the body is no JSON: {error}")
        return None
    if type(value) is not dict:
        app.failed(exchange, "NotJSON", "the body must be a JSON object")
        return None
    return value


def succeeded(app: App, exchange: Exchange, body: bytes, content_type: bytes = JSON, more: bytes = b"") -> None:
    """The answer, compressed when the client takes it so."""
    body, coding = encoded(exchange, body)
    app.succeeded(exchange, body, content_type, more + coding)


def serves(app: App, exchange: Exchange, model: str) -> bool:
    """A pod serves one model: it has the bundle's name, and that of the Service that the client called, as a
    ModelEndpoint's Service has a name of its own. False when the exchange has been answered with 404."""
    host = exchange.header(b"host").decode("latin-1").partition(":")[0]
    if model == app.name or (model == host.partition(".")[0] and model != "localhost" and not model.isdigit()):
        return True
    app.error(exchange, "NotFound", f"no model {model!r} is served here: it is {app.name!r}")
    return False


def _unquoted(value: str | None) -> str | None:
    return None if value is None else unquote_to_bytes(value).decode("utf-8", "replace")


def _nowhere(_: bytes) -> None:
    raise AssertionError("nothing was sent")
