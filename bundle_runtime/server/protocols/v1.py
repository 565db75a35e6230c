"""The V1 protocol of TensorFlow Serving and KServe: ``POST /v1/models/NAME:predict``.

Row format: each of ``instances`` is one request as POST /predict has it; all of them are one call of the worker and one
place in the queue. Column format: ``inputs`` is one request, whose fields hold all rows. Where predict_fn has one
argument a value need not name it (arguments.py).
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
from bundle_runtime.server.protocols.arguments import OneArgument, one_argument
from bundle_runtime.server.protocols.models import serves
from bundle_runtime.server.queue.calls import INSTANCES, WHOLE_FIELDS, CallHead
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import MAX_VIOLATIONS, Schema, Violation

MAX_INSTANCES = 100_000  # each is a value of its own to check: a microsecond, and hundreds of bytes
Row = dict[str, Any]


def error_body(status: int, code: str, message: str, details: list[Any]) -> bytes:
    """One text, violations in it."""
    places = "".join(f"; {detail['path']}: {detail['message']}" for detail in details)
    return orjson.dumps({"error": f"{code}: {message}{places}"})


class InstancesCodec(FieldsCodec):
    """Of one exchange: rows of fields and a prediction for each, or one row and its prediction."""

    compresses = True
    remembers: tuple[str, ...] = ("_columns",)

    def __init__(self, memory: Memory, argument: OneArgument) -> None:
        super().__init__(memory, TEXT_COPIES)
        self._argument = argument
        self._columns = False

    def decode(self, exchange: Exchange) -> list[Row]:
        request = super().decode(exchange)
        self._columns = "inputs" in request and "instances" not in request
        if self._columns:
            return self._rows([request["inputs"]], "inputs")
        instances = request.get("instances")
        if type(instances) is not list or "inputs" in request:
            message = 'the body must be {"instances": [...]}, one request of /predict each, or {"inputs": {...}}, one'
            raise Refused("BadRequest", f"{message} request whose fields hold all rows")
        if len(instances) > MAX_INSTANCES:
            message = f"{len(instances)} instances are more than {MAX_INSTANCES} in one request"
            raise Refused("BodyTooLarge", message)
        return self._rows(instances, "each instance")

    def _rows(self, values: list[Any], what: str) -> list[Row]:
        named = self._argument.names_itself
        if all(map(named, values)):
            return values
        name = self._argument.name
        if name is None:
            message = f"{what} must be a JSON object with the fields of a request: bare values are taken where"
            raise Refused("BadRequest", f"{message} predict_fn has one argument, or the request schema one field")
        return [value if named(value) else {name: value} for value in values]

    def request_violations(self, schema: Schema, content: list[Row]) -> list[Violation] | None:
        found: list[Violation] = []
        for index, row in enumerate(content):
            if not schema.accepts(row):
                place = "$.inputs" if self._columns else f"$.instances[{index}]"
                found += [
                    {"path": place + violation["path"][1:], "message": violation["message"]}
                    for violation in schema.violations(row)
                ]
                if len(found) >= MAX_VIOLATIONS:
                    break
        return found[:MAX_VIOLATIONS] or None

    def pack(self, content: list[Row]) -> tuple[CallHead, bytes]:
        self.head = WHOLE_FIELDS if self._columns else INSTANCES
        return super().pack(content[0] if self._columns else content)

    def response_violations(self, schema: Schema, response: bytes) -> list[Violation] | None:
        if self._columns:
            return super().response_violations(schema, response)
        for prediction in parsed(response):
            if not schema.accepts(prediction):
                return schema.violations(prediction)
        return None

    def encode(self, response: bytes) -> Encoded:
        return (b'{"outputs":%b}' if self._columns else b'{"predictions":%b}') % response, JSON, b""


def models(predictions: Predictions, exchange: Exchange) -> None:
    """The one model."""
    predictions.responses.json(exchange, {"models": [predictions.bundle.name]})


def model(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> None:
    """Whether it is ready."""
    if serves(predictions, exchange, model, version):
        ready = predictions.readiness.not_ready() is None
        predictions.responses.json(exchange, {"name": model, "ready": ready})


def predict(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> None:
    """As many predictions as there are instances, or the one of the inputs."""
    if serves(predictions, exchange, model, version):
        argument = one_argument(predictions.bundle.request_schema_json, predictions.link.fields)
        predictions.predict(exchange, InstancesCodec(predictions.memory, argument))


_MODEL = "/v1/models/(?P<model>[^/:]+)(?:/versions/(?P<version>[^/:]+(?::[0-9a-f]+)?))?"
ROUTES = (
    (b"GET", re.compile("/v1/models"), models),
    (b"GET", re.compile(_MODEL), model),
    (b"POST", re.compile(_MODEL + ":predict"), predict),
)
