"""Launch's envelope: what the pod of an artifact bundle took and gave in the original, for clients that speak it.

``POST /launch/predict`` with ``{"args": {...}}`` answers ``{"result": "<the prediction as JSON text>"}``; an error is
``{"detail": ...}``. It has a route of its own, so that a bundle may have a field called ``args``. What the original
also took and no server should (a URL to fetch, a pickle to load) is refused in words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.protocols import routes

if TYPE_CHECKING:
    from bundle_runtime.server.server import App

_REFUSED = {
    "url": "a server that fetches what a caller names can be turned against its own network: send the values in args",
    "cloudpickle": "a pickle runs the caller's code in the pod: send the values in args",
    "return_pickled": "results are JSON here: leave it out",
}


def error_body(status: int, code: str, message: str, details: list[Any]) -> bytes:
    error = {"code": code, "message": message, "details": details}
    return orjson.dumps({"detail": {"traceback": message} if status == 500 else message, "error": error})


def predict(app: App, exchange: Exchange) -> None:
    if app.cannot_predict(exchange):
        return
    envelope = routes.body_object(app, exchange)
    if envelope is None:
        return
    for name, why in _REFUSED.items():
        if envelope.get(name):
            app.failed(exchange, "BadRequest", f"{name} is not taken: {why}")
            return
    args = envelope.get("args")
    if type(args) is not dict:
        app.failed(exchange, "BadRequest", 'args must be a JSON object with the fields of the request: {"args": {...}}')
        return

    def predicted(payload: bytes) -> None:
        routes.succeeded(app, exchange, orjson.dumps({"result": payload.decode("utf-8")}))

    routes.call_with_fields(app, exchange, args, predicted, routes.WHOLE)


ROUTES = ((b"POST", re.compile("/launch/predict"), predict),)
