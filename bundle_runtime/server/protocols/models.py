"""The name under which a pod's one model is asked for, in protocols with a model in their paths."""

from __future__ import annotations

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.predictions import Predictions


def serves(predictions: Predictions, exchange: Exchange, model: str) -> bool:
    """A pod serves one model: it has the bundle's name, and that of the Service that the client called, as a
    ModelEndpoint's Service has a name of its own. False when the exchange has been answered with 404."""
    name = predictions.bundle.name
    host = exchange.header(b"host").decode("latin-1").partition(":")[0]
    if model == name or (model == host.partition(".")[0] and model != "localhost" and not model.isdigit()):
        return True
    predictions.responses.error(exchange, "NotFound", f"no model {model!r} is served here: it is {name!r}")
    return False
