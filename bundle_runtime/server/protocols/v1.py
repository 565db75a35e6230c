"""The V1 protocol of TensorFlow Serving and KServe: ``POST /v1/models/NAME:predict``, row format.

Each of ``instances`` is one request as POST /predict has it; all of them are one call of the worker and one place in
the queue. Where the request schema has exactly one field an instance may be its bare value.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import orjson

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.protocols import routes
from bundle_runtime.server.schemas import MAX_VIOLATIONS, Violation

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

MAX_INSTANCES = 100_000  # each is a value of its own to check: a microsecond, and hundreds of bytes


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    places = "".join(f"; {detail['path']}: {detail['message']}" for detail in details)
    return orjson.dumps({"error": f"{code}: {message}{places}"})


def models(app: App, exchange: Exchange) -> None:
    app.json(exchange, {"models": [app.name]})


def model(app: App, exchange: Exchange, model: str) -> None:
    if routes.serves(app, exchange, model):
        app.json(exchange, {"name": model, "ready": app.not_ready() is None})


def predict(app: App, exchange: Exchange, model: str) -> None:
    if not routes.serves(app, exchange, model) or app.cannot_predict(exchange):
        return
    request = routes.body_object(app, exchange)
    if request is None:
        return
    instances = request.get("instances")
    if type(instances) is not list:
        app.failed(exchange, "BadRequest", 'the body must be {"instances": [...]}, one request of /predict each')
        return
    if len(instances) > MAX_INSTANCES:
        app.failed(exchange, "BodyTooLarge", f"{len(instances)} instances are more than {MAX_INSTANCES} in one request")
        return
    rows = _rows(app, instances)
    if rows is None:
        message = "each instance must be a JSON object with the fields of a request"
        app.failed(exchange, "BadRequest", f"{message}: bare values are taken where the request schema has one field")
        return
    violations = _violations(app, rows)
    if violations:
        app.violates(exchange, violations)
        return
    predicted = partial(_predicted, app, exchange)
    routes.call(app, exchange, predicted, {"as": "instances"}, wire.pack_fields(rows))


def _rows(app: App, instances: list[Any]) -> list[dict[str, Any]] | None:
    if all(type(instance) is dict for instance in instances):
        return instances
    properties = (app.schemas["requestSchema"] or {}).get("properties")
    if not isinstance(properties, dict) or len(properties) != 1:
        return None
    (name,) = properties
    return [{name: instance} for instance in instances]


def _violations(app: App, rows: list[dict[str, Any]]) -> list[Violation]:
    schema = app.request_schema
    if schema is None:
        return []
    found: list[Violation] = []
    for index, row in enumerate(rows):
        if not schema.accepts(row):
            place = f"$.instances[{index}]"
            found += [{**violation, "path": place + violation["path"][1:]} for violation in schema.violations(row)]
            if len(found) >= MAX_VIOLATIONS:
                break
    return found[:MAX_VIOLATIONS]


def _predicted(app: App, exchange: Exchange, payload: bytes) -> None:
    if routes.keeps_promise(app, exchange, payload, each=True):
        routes.succeeded(app, exchange, b'{"predictions":%b}' % payload)


ROUTES = (
    (b"GET", re.compile("/v1/models"), models),
    (b"GET", re.compile("/v1/models/(?P<model>[^/:]+)"), model),
    (b"POST", re.compile("/v1/models/(?P<model>[^/:]+):predict"), predict),
)
