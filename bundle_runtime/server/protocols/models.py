"""The name and version under which a pod's one model is asked for, in protocols with a model in their paths."""

from __future__ import annotations

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.predictions import Predictions

FIRST_VERSION = "1"  # as clients have it that know numbers alone; what is served is said by the digest all the same


def serves(predictions: Predictions, exchange: Exchange, model: str, version: str | None = None) -> bool:
    """A pod serves one model: it has the bundle's name, and that of the Service that the client called, as a
    ModelEndpoint's Service has a name of its own. Its one version is the digest. False when the exchange has been
    answered with 404."""
    name, digest = predictions.bundle.name, predictions.bundle.digest
    if not _is_name(model, name, exchange):
        message = f"no model {model!r} is served here: it is {name!r}"
    elif version not in (None, FIRST_VERSION, digest):
        message = f"no version {version!r} of {model!r} is served here: ask for {FIRST_VERSION!r} or {digest!r}"
    else:
        return True
    predictions.responses.error(exchange, "NotFound", message)
    return False


def _is_name(model: str, name: str, exchange: Exchange) -> bool:
    host = exchange.header(b"host").decode("latin-1").partition(":")[0]
    return model == name or (model == host.partition(".")[0] and model != "localhost" and not model.isdigit())
