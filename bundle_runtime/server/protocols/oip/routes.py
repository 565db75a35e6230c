"""The Open Inference Protocol, version 2, over REST: routes and metadata. docs/reference/protocols.md says how tensors
become keyword arguments and back; infer.py does it.

A pod serves one model under one version, its digest.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.protocols import routes
from bundle_runtime.server.protocols.oip import schemas
from bundle_runtime.server.protocols.oip.schemas import Tensor

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

SERVER = "model-bundles"
PLATFORM = "python"
SINGLE = "output"  # as the worker calls a prediction that is no object


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    places = "".join(f"; {detail['path']}: {detail['message']}" for detail in details)
    return orjson.dumps({"error": f"{code}: {message}{places}"})


def server(app: App, exchange: Exchange) -> None:
    app.json(exchange, {"name": SERVER, "version": _version(), "extensions": ["binary_tensor_data"]})


def live(app: App, exchange: Exchange) -> None:
    app.json(exchange, {"live": True})


def ready(app: App, exchange: Exchange) -> None:
    why = app.not_ready()
    if why is None:
        app.json(exchange, {"live": True, "ready": True})
    else:
        app.error(exchange, *why)


def model_ready(app: App, exchange: Exchange, model: str, version: str | None = None) -> None:
    if not serves(app, exchange, model, version):
        return
    why = app.not_ready()
    if why is None:
        app.json(exchange, {"name": model, "ready": True})
    else:
        app.error(exchange, *why)


def model_metadata(app: App, exchange: Exchange, model: str, version: str | None = None) -> None:
    if serves(app, exchange, model, version):
        found = {
            "name": model,
            "versions": [app.digest],
            "platform": PLATFORM,
            "inputs": _listed(inputs(app) or {}),
            "outputs": _listed(outputs(app)),
        }
        app.json(exchange, found)


def infer(app: App, exchange: Exchange, model: str, version: str | None = None) -> None:
    if serves(app, exchange, model, version) and not app.cannot_predict(exchange):
        from bundle_runtime.server.protocols.oip import infer  # not for who only asks for metadata

        infer.infer(app, exchange, model, inputs(app) or {})


def serves(app: App, exchange: Exchange, model: str, version: str | None) -> bool:
    if not routes.serves(app, exchange, model):
        return False
    if version is not None and version != app.digest:
        app.error(exchange, "NotFound", f"no version {version!r} of {model!r} is served here: it is {app.digest!r}")
        return False
    return True


@lru_cache(maxsize=1)  # of the one app that a process has
def inputs(app: App) -> dict[str, Tensor] | None:
    return schemas.fields(app.schemas["requestSchema"])


def outputs(app: App) -> dict[str, Tensor]:
    schema = app.schemas["responseSchema"]
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
