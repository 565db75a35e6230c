"""The Open Inference Protocol, version 2, over REST: routes and metadata. docs/reference/protocols.md says how tensors
become keyword arguments and back; infer.py does it.

A pod serves one model under one version, its digest, which is called 1 too.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import metadata
from typing import Any

import orjson

from bundle_runtime.server.bundle import ServedBundle
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.protocols.models import serves
from bundle_runtime.server.protocols.oip import schemas
from bundle_runtime.server.protocols.oip.schemas import Tensor

SERVER = "model-bundles"
PLATFORM = "python"
SINGLE = "output"  # as the worker calls a prediction that is not an object


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    """One text, violations in it."""
    places = "".join(f"; {detail['path']}: {detail['message']}" for detail in details)
    return orjson.dumps({"error": f"{code}: {message}{places}"})


def server(predictions: Predictions, exchange: Exchange) -> None:
    """Server metadata."""
    found = {"name": SERVER, "version": _version(), "extensions": ["binary_tensor_data"]}
    predictions.responses.json(exchange, found)


def live(predictions: Predictions, exchange: Exchange) -> None:
    """Server live."""
    predictions.responses.json(exchange, {"live": True})


def ready(predictions: Predictions, exchange: Exchange) -> None:
    """Server ready."""
    _ready(predictions, exchange, {"live": True, "ready": True})


def model_ready(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> None:
    """Model ready."""
    if serves(predictions, exchange, model, version):
        _ready(predictions, exchange, {"name": model, "ready": True})


def _ready(predictions: Predictions, exchange: Exchange, found: dict[str, Any]) -> None:
    reason = predictions.readiness.not_ready()
    if reason is None:
        predictions.responses.json(exchange, found)
    else:
        predictions.responses.error(exchange, *reason)


def model_metadata(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> None:
    """Model metadata."""
    if serves(predictions, exchange, model, version):
        found = {
            "name": model,
            "versions": [predictions.bundle.digest],
            "platform": PLATFORM,
            "inputs": _listed(inputs(predictions.bundle) or {}),
            "outputs": _listed(outputs(predictions.bundle)),
        }
        predictions.responses.json(exchange, found)


def infer(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> None:
    """Inference."""
    if serves(predictions, exchange, model, version):
        from bundle_runtime.server.protocols.oip.infer import TensorCodec  # not for who only asks for metadata

        predictions.predict(exchange, TensorCodec(predictions, model, inputs(predictions.bundle) or {}))


@lru_cache(maxsize=1)  # of the one bundle that a process has
def inputs(bundle: ServedBundle) -> dict[str, Tensor] | None:
    """By name; None when the request schema describes none."""
    return schemas.fields(bundle.request_schema_json)


def outputs(bundle: ServedBundle) -> dict[str, Tensor]:
    """By name; none without a response schema."""
    schema = bundle.response_schema_json
    if schema is None:
        return {}
    return schemas.fields(schema) or {SINGLE: schemas.describe(schema, schema)}


def _listed(tensors: dict[str, Tensor]) -> list[dict[str, Any]]:
    return [
        {"name": name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        | ({"parameters": {"content_type": "application/json"}} if tensor.form == "json" else {})
        for name, tensor in tensors.items()
    ]


@cache
def _version() -> str:
    try:
        return metadata.version("model-bundles")
    except metadata.PackageNotFoundError:
        return "0"


_MODEL = "/v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[^/]+))?"
ROUTES = (
    (b"GET", re.compile("/v2/?"), server),
    (b"GET", re.compile("/v2/health/live"), live),
    (b"GET", re.compile("/v2/health/ready"), ready),
    (b"GET", re.compile(_MODEL), model_metadata),
    (b"GET", re.compile(_MODEL + "/ready"), model_ready),
    (b"POST", re.compile(_MODEL + "/infer"), infer),
)
