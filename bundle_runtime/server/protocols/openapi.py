"""``GET /openapi.json``, OpenAPI 3.1 from the bundle's own schemas, and ``GET /docs``, a page to try it from.

The page is one file without a script, style or font from elsewhere: a pod has no way out, nor may its user have one.
Both name other routes relative to where they are themselves, as a proxy may serve all of them below a prefix.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import STATUS_OF
from bundle_runtime.server.http.responses import error_body as _error_body
from bundle_runtime.server.limits import SETTING, Limits
from bundle_runtime.server.predict.predictions import Predictions
from bundle_runtime.server.protocols.arguments import one_argument

HTML = b"text/html; charset=utf-8"
_NOT_OF_PREDICT = ("OK", "NotFound", "MethodNotAllowed", "ClientGone")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")  # of names to schemas
_DATA = ("const", "enum", "default", "example", "examples")


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    """That of POST /predict."""
    return _error_body(code, message, details)


def openapi(predictions: Predictions, exchange: Exchange) -> None:
    """GET /openapi.json."""
    fields = tuple((name, tuple(found)) for name, found in predictions.link.fields.items())
    exchange.reply(predictions.responses.headers.get(200), _text(predictions, fields))


@lru_cache(maxsize=1)  # of the one bundle that a process has: a large schema takes long
def _text(predictions: Predictions, fields: tuple[tuple[str, tuple[str, ...]], ...]) -> bytes:
    """The document with what the worker says of the fields, which is another worker's later."""
    bundle = predictions.bundle
    named = {name: list(found) for name, found in fields}
    schemas = bundle.request_schema_json, bundle.response_schema_json
    return orjson.dumps(document(bundle.name, bundle.digest, *schemas, named, predictions.limits))


def page(predictions: Predictions, exchange: Exchange) -> None:
    """GET /docs."""
    content, policy = _page()
    more = b"content-security-policy: %b\r\nx-content-type-options: nosniff\r\n" % policy
    exchange.reply(predictions.responses.headers.get(200, HTML), content, more)


def moved(predictions: Predictions, exchange: Exchange) -> None:
    """GET /docs/: its relative links would lead below it."""
    exchange.reply(predictions.responses.headers.get(307, HTML), b"", b"location: ../docs\r\n")


@cache
def _page() -> tuple[bytes, bytes]:
    """The file, and the policy that lets the browser run what is in it and nothing else."""
    content = (resources.files("bundle_runtime.server.protocols") / "try_it.html").read_bytes()
    parts = {
        name: b" ".join(
            b"'sha256-%b'" % base64.b64encode(hashlib.sha256(part).digest())
            for part in re.findall(b"<%b>(.*?)</%b>" % (tag, tag), content, re.DOTALL)
        )
        for name, tag in ((b"script-src", b"script"), (b"style-src", b"style"))
    }
    rules = [b"default-src 'none'", b"connect-src 'self'", b"base-uri 'none'", b"form-action 'none'"]
    return content, b"; ".join([*rules, *(b"%b %b" % part for part in parts.items())])


def document(
    name: str, digest: str, request: Any, response: Any, fields: dict[str, list[str]], limits: Limits
) -> dict[str, Any]:
    """The OpenAPI document of one bundle: its request and response schema, None without one, the ``fields`` that its
    worker says predict_fn takes and needs, and what its server takes. Pure."""
    components = {
        "PredictRequest": _called(
            {"type": "object"} if request is None else embedded(request, "PredictRequest"), fields
        ),
        "PredictResponse": {} if response is None else embedded(response, "PredictResponse"),
        "Error": _ERROR,
    }
    failures = _failures(limits)
    predict = {
        "operationId": "predict",
        "summary": "One prediction: the request's fields are the keyword arguments of predict_fn",
        "requestBody": _body(_ref("PredictRequest")),
        "responses": {"200": _answer("The prediction", _ref("PredictResponse")), **failures},
    }
    envelope = {
        "operationId": "launchPredict",
        "summary": "The same in Launch's envelope",
        "requestBody": _body(_object({"args": _ref("PredictRequest")})),
        "responses": {
            "200": _answer("The prediction as JSON text", _object({"result": {"type": "string"}})),
            "default": _answer("What went wrong", _object({"detail": {}})),
        },
    }
    row = _row(request, components["PredictRequest"], fields)
    v1 = {
        "operationId": "v1Predict",
        "summary": "Several predictions, or one whose fields hold all rows, in the V1 protocol",
        "requestBody": _body(_either({"instances": {"type": "array", "items": row}, "inputs": row})),
        "responses": {
            "200": _answer(
                "The predictions, or the one",
                _either(
                    {
                        "predictions": {"type": "array", "items": _ref("PredictResponse")},
                        "outputs": _ref("PredictResponse"),
                    }
                ),
            ),
            "default": _answer("What went wrong", _object({"error": {"type": "string"}})),
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": name,
            "version": digest,
            "description": "A model bundle. Also here: the Open Inference Protocol at /v2 and metrics at /metrics. "
            f"A request's body may be {limits.request_bytes} bytes, and a connection without a request is closed after "
            f"{limits.idle_seconds:g} s.",
            "x-limits": limits.described(),
        },
        "servers": [{"url": "."}],  # relative to this document
        "paths": {
            "/predict": {"post": predict},
            "/launch/predict": {"post": envelope},
            f"/v1/models/{name}:predict": {"post": v1},
            "/healthz": {"get": _health("health", "The server is up")},
            "/readyz": {"get": _health("readiness", "A worker has loaded the bundle", failures["503"])},
        },
        "components": {"schemas": components},
    }


def embedded(schema: Any, component: str) -> Any:
    """The schema with its references to itself led to where it now stands. Anchors and a schema with an $id of its own
    stay as they are."""
    if isinstance(schema, dict) and "$id" in schema:
        return schema
    return _led(schema, f"#/components/schemas/{component}")


def _led(schema: Any, root: str) -> Any:
    if not isinstance(schema, dict):
        return [_led(entry, root) for entry in schema] if isinstance(schema, list) else schema
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _DATA:
            found[key] = value
        elif key in _MAPS and isinstance(value, dict):
            found[key] = {name: _led(entry, root) for name, entry in value.items()}
        elif key == "$ref" and isinstance(value, str) and (value == "#" or value.startswith("#/")):
            found[key] = root + value[1:]
        else:
            found[key] = _led(value, root)
    return found


def _called(schema: Any, fields: dict[str, list[str]]) -> Any:
    """The schema, and that predict_fn can be called with what fits it: most schemas allow fields of any name."""
    if not isinstance(schema, dict) or not fields:
        return schema
    needs = [name for name in fields.get("needs", ()) if name not in schema.get("required", ())]
    called = {**schema, "required": [*schema.get("required", ()), *needs]} if needs else schema
    if "takes" not in fields:
        return called
    names = {"propertyNames": {"enum": fields["takes"]}}
    if "propertyNames" not in called:
        return {**called, **names}
    return {**called, "allOf": [*called.get("allOf", ()), names]}


def _row(request: Any, component: Any, fields: dict[str, list[str]]) -> dict[str, Any]:
    """A row of the V1 protocol: the fields of a request, or the bare value of the one argument."""
    ref = _ref("PredictRequest")
    name, alone = one_argument(request, fields)
    if name is None:
        return ref
    if request is None:
        return {} if alone else {"anyOf": [ref, {"not": {"type": "object"}}]}
    if not isinstance(component, dict) or name not in component.get("properties", {}):
        return ref
    return {"anyOf": [ref, _ref("PredictRequest/properties/" + name.replace("~", "~0").replace("/", "~1"))]}


_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {"enum": sorted(set(STATUS_OF) - set(_NOT_OF_PREDICT))},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"path": {"type": "string"}, "message": {"type": "string"}},
                    },
                },
            },
        }
    },
}


def _failures(limits: Limits) -> dict[str, Any]:
    codes: dict[str, list[str]] = {}
    for code, status in STATUS_OF.items():
        if code not in _NOT_OF_PREDICT:
            codes.setdefault(str(status), []).append(code)
    said = {status: " or ".join(codes[status]) for status in sorted(codes)}
    said["413"] += f": more than {limits.request_bytes} bytes ({SETTING}), or than the server's memory holds"
    return {status: _answer(words, _ref("Error")) for status, words in said.items()}


def _health(operation: str, summary: str, failure: Any = None) -> dict[str, Any]:
    responses = {"200": _answer("Yes", _object({"status": {"type": "string"}}))}
    if failure is not None:
        responses["503"] = failure
    return {"operationId": operation, "summary": summary, "responses": responses}


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _answer(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    headers = {
        "x-modelbundle-digest": {"schema": {"type": "string"}},
        "x-request-id": {"schema": {"type": "string"}},
    }
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def _either(properties: dict[str, Any]) -> dict[str, Any]:
    """An object with one of them."""
    return {"type": "object", "oneOf": [{"required": [name]} for name in properties], "properties": properties}


def _ref(component: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{component}"}


ROUTES = (
    (b"GET", re.compile("/openapi.json"), openapi),
    (b"GET", re.compile("/docs"), page),
    (b"GET", re.compile("/docs/"), moved),
)
