"""The V1 protocol of TensorFlow Serving and KServe: ``POST /v1/models/NAME:predict``, row format.

Each of ``instances`` is one request as POST /predict has it; all of them are one call of the worker and one place in
the queue. Where the request schema has exactly one field an instance may be its bare value.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import JSON
from bundle_runtime.server.memory import Memory
from bundle_runtime.server.predict.codec import TEXT_COPIES, Encoded, FieldsCodec, parsed
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.protocols.models import serves
from bundle_runtime.server.queue.calls import INSTANCES
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import MAX_VIOLATIONS, Schema, Violation

MAX_INSTANCES = 100_000  # each is a value of its own to check: a microsecond, and hundreds of bytes
Row = dict[str, Any]


def error_body(status: int, code: str, message: str, details: list[Any]) -> bytes:
    """One text, violations in it."""
    places = "".join(f"; {detail['path']}: {detail['message']}" for detail in details)
    return orjson.dumps({"error": f"{code}: {message}{places}"})


class InstancesCodec(FieldsCodec):
    """Rows of fields, and a prediction for each. ``schema`` is the request schema's JSON."""

    compresses = True
    head = INSTANCES

    def __init__(self, memory: Memory, schema: Any) -> None:
        super().__init__(memory, TEXT_COPIES)
        self._schema = schema

    def decode(self, exchange: Exchange) -> list[Row]:
        instances = super().decode(exchange).get("instances")
        if type(instances) is not list:
            raise Refused("BadRequest", 'the body must be {"instances": [...]}, one request of /predict each')
        if len(instances) > MAX_INSTANCES:
            message = f"{len(instances)} instances are more than {MAX_INSTANCES} in one request"
            raise Refused("BodyTooLarge", message)
        if all(type(instance) is dict for instance in instances):
            return instances
        name = self._only_field()
        if name is None:
            message = "each instance must be a JSON object with the fields of a request"
            raise Refused("BadRequest", f"{message}: bare values are taken where the request schema has one field")
        return [{name: instance} for instance in instances]

    def _only_field(self) -> str | None:
        properties = (self._schema or {}).get("properties")
        return next(iter(properties)) if isinstance(properties, dict) and len(properties) == 1 else None

    def request_violations(self, schema: Schema, content: list[Row]) -> list[Violation] | None:
        found: list[Violation] = []
        for index, row in enumerate(content):
            if not schema.accepts(row):
                place = f"$.instances[{index}]"
                found += [
                    {"path": place + violation["path"][1:], "message": violation["message"]}
                    for violation in schema.violations(row)
                ]
                if len(found) >= MAX_VIOLATIONS:
                    break
        return found[:MAX_VIOLATIONS] or None

    def response_violations(self, schema: Schema, response: bytes) -> list[Violation] | None:
        for prediction in parsed(response):
            if not schema.accepts(prediction):
                return schema.violations(prediction)
        return None

    def encode(self, response: bytes) -> Encoded:
        return b'{"predictions":%b}' % response, JSON, b""


def models(predictions: Predictions, exchange: Exchange) -> None:
    """The one model."""
    predictions.responses.json(exchange, {"models": [predictions.bundle.name]})


def model(predictions: Predictions, exchange: Exchange, model: str) -> None:
    """Whether it is ready."""
    if serves(predictions, exchange, model):
        ready = predictions.readiness.not_ready() is None
        predictions.responses.json(exchange, {"name": model, "ready": ready})


def predict(predictions: Predictions, exchange: Exchange, model: str) -> None:
    """As many predictions as there are instances."""
    if serves(predictions, exchange, model):
        codec = InstancesCodec(predictions.memory, predictions.bundle.request_schema_json)
        predictions.predict(exchange, codec)


ROUTES = (
    (b"GET", re.compile("/v1/models"), models),
    (b"GET", re.compile("/v1/models/(?P<model>[^/:]+)"), model),
    (b"POST", re.compile("/v1/models/(?P<model>[^/:]+):predict"), predict),
)
