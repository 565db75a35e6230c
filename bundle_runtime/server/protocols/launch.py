"""Launch's envelope: what the pod of an artifact bundle took and gave in the original, for clients that speak it.

``POST /launch/predict`` with ``{"args": {...}}`` answers ``{"result": "<the prediction as JSON text>"}``; an error is
``{"detail": ...}``. It has a route of its own, so that a bundle may have a field called ``args``. What the original
also took and no server should (a URL to fetch, a pickle to load) is refused in words.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import JSON
from bundle_runtime.server.predict.codec import TEXT_COPIES, Encoded, FieldsCodec
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.queue.calls import WHOLE_FIELDS
from bundle_runtime.server.refusal import Refused

_REFUSED = {
    "url": "a server that fetches what a caller names can be turned against its own network: send the values in args",
    "cloudpickle": "a pickle runs the caller's code in the pod: send the values in args",
    "return_pickled": "results are JSON here: leave it out",
}


def error_body(status: int, code: str, message: str, details: list[Any]) -> bytes:
    """``detail`` as the original has it, and the whole error beside it."""
    error = {"code": code, "message": message, "details": details}
    return orjson.dumps({"detail": {"traceback": message} if status == 500 else message, "error": error})


class EnvelopeCodec(FieldsCodec):
    """The fields in ``args``, the prediction's JSON text in ``result``."""

    compresses = True
    head = WHOLE_FIELDS

    def decode(self, exchange: Exchange) -> Any:
        envelope = super().decode(exchange)
        for name, why in _REFUSED.items():
            if envelope.get(name):
                raise Refused("BadRequest", f"{name} is not taken: {why}")
        args = envelope.get("args")
        if type(args) is not dict:
            message = 'args must be a JSON object with the fields of the request: {"args": {...}}'
            raise Refused("BadRequest", message)
        return args

    def encode(self, response: Any) -> Encoded:
        return orjson.dumps({"result": response.decode("utf-8")}), JSON, b""


def predict(predictions: Predictions, exchange: Exchange) -> None:
    """One prediction."""
    predictions.predict(exchange, EnvelopeCodec(predictions.memory, TEXT_COPIES))


ROUTES = ((b"POST", re.compile("/launch/predict"), predict),)
