"""POST /predict for a body that is compressed.

The plain one is server/server.py's own, as it is the one that must cost nothing.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import error_body as _error_body
from bundle_runtime.server.protocols import routes

if TYPE_CHECKING:
    from bundle_runtime.server.server import App


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    return _error_body(code, message, details)


def predict(app: App, exchange: Exchange) -> None:
    if app.cannot_predict(exchange):
        return
    fields = routes.body_object(app, exchange)
    if fields is not None:
        routes.call_with_fields(app, exchange, fields, partial(app.succeeded, exchange))


ROUTES = ((b"POST", re.compile("/predict"), predict),)
