"""One inference request of the Open Inference Protocol: its codec.

Tensors are checked against the bundle's schemas without their elements where datatype and shape are enough.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, TooMuch
from bundle_runtime.server.predict.codec import Encoded
from bundle_runtime.server.predict.long_reads import LARGE_TENSORS_BYTES, tensors_take_long
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.protocols.oip import inputs, outputs
from bundle_runtime.server.protocols.oip.checks import Needs, TensorCheck, value
from bundle_runtime.server.protocols.oip.outputs import Outputs
from bundle_runtime.server.protocols.oip.schemas import Tensor
from bundle_runtime.server.queue.calls import CallHead, TensorHead
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import Schema, Violation

Tensors = tuple[list[TensorHead], list[Any]]  # the head of each, and its bytes


class TensorCodec:
    """Of one exchange: what it asks for decides how it is answered. ``known`` are the tensors that the request schema
    describes, by name."""

    compresses = True
    remembers: tuple[str, ...] = ("_wanted", "_identity")
    large_bytes = LARGE_TENSORS_BYTES

    def __init__(self, predictions: Predictions, model: str, known: dict[str, Tensor]) -> None:
        self._made_of = predictions, model, known
        self._predictions = predictions
        self._known = known
        self._identity = {"model_name": model, "model_version": predictions.bundle.digest}
        self._wanted = outputs.Wanted(None, {}, False)
        self._needs = _input_needs(predictions)
        self._output_needs = _output_needs(predictions)

    def __reduce__(self) -> tuple[type[TensorCodec], tuple[Predictions, str, dict[str, Tensor]]]:
        """For the process that reads a large request: nothing has been read of it."""
        return TensorCodec, self._made_of

    def takes_long(self, exchange: Exchange) -> bool:
        length = inputs.json_bytes(exchange.header(inputs.HEADER).strip(), len(exchange.body))
        return length is not None and tensors_take_long(exchange.body, length)

    def decode(self, exchange: Exchange) -> Tensors:
        try:
            request, rest = inputs.split(exchange, self._predictions.memory)
            found = inputs.read_inputs(request, rest, self._known, self._needs)
            self._wanted = outputs.wanted(request)
        except ValueError as error:
            raise Refused("BadRequest", str(error)) from None
        if request.get("id") not in (None, ""):
            self._identity["id"] = str(request["id"])
        return found

    def request_violations(self, schema: Schema, content: Tensors) -> list[Violation] | None:
        heads, data = content
        try:
            if _request_check(self._predictions).accepts(heads, data):
                return None
            fields = {head["name"]: value(head, part, self._needs) for head, part in zip(heads, data, strict=True)}
        except ValueError as error:
            raise Refused("BadRequest", str(error)) from None
        return None if schema.accepts(fields) else schema.violations(fields)

    def pack(self, content: Tensors) -> tuple[CallHead, bytes]:
        heads, data = content
        return {"as": "tensors", "tensors": heads}, b"".join(data)

    def read(self, payload: bytes, *, checked: bool) -> Outputs:
        if len(payload) > UNCOUNTED_MAX_BYTES:
            self._output_needs(2 * len(payload))
        return outputs.read(payload)

    def response_violations(self, schema: Schema, response: Outputs) -> list[Violation] | None:
        heads, data = list(response.heads.values()), list(response.data.values())
        try:
            if _response_check(self._predictions).accepts(heads, data, single=response.single):
                return None
            values = {
                name: value(head, response.data[name], self._output_needs) for name, head in response.heads.items()
            }
        except ValueError as error:
            raise Refused("ResponseNotJSON", str(error)) from None
        prediction = next(iter(values.values())) if response.single else values
        return None if schema.accepts(prediction) else schema.violations(prediction)

    def encode(self, response: Outputs) -> Encoded:
        return outputs.encode(response, self._wanted, self._identity, self._output_needs)


def _input_needs(predictions: Predictions) -> Needs:
    return partial(predictions.memory.needs, what="the tensors")


def _output_needs(predictions: Predictions) -> Needs:
    def needs(size: int) -> None:
        try:
            predictions.memory.needs(size, "the outputs", code="ResponseTooLarge")
        except TooMuch as refusal:
            raise TooMuch(refusal.code, f"{refusal}, or ask for the outputs with binary_data") from None

    return needs


@lru_cache(maxsize=1)  # of the one bundle that a process has
def _request_check(predictions: Predictions) -> TensorCheck:
    return TensorCheck(predictions.bundle.request_schema_json, _input_needs(predictions))


@lru_cache(maxsize=1)
def _response_check(predictions: Predictions) -> TensorCheck:
    return TensorCheck(predictions.bundle.response_schema_json, _output_needs(predictions))
