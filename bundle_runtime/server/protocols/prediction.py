"""POST /predict for a body that is compressed.

The plain one does not come by here (server/server.py), as it is the one that must cost nothing.
"""

from __future__ import annotations

import re
from typing import Any

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import error_body as _error_body
from bundle_runtime.server.predict.predictions import Predictions


def error_body(_: int, code: str, message: str, details: list[Any]) -> bytes:
    """The same as without a content coding."""
    return _error_body(code, message, details)


def predict(predictions: Predictions, exchange: Exchange) -> None:
    """The body has been decompressed."""
    predictions.predict(exchange, predictions.fields)


ROUTES = ((b"POST", re.compile("/predict"), predict),)
