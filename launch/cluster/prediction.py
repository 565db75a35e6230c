"""One request to what serves a bundle, and its answer as a prediction or an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Optional

from launch.errors import InvalidBundleError, PredictionError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection


class Prediction(NamedTuple):
    """`value` is the JSON value that predict_fn's result became; `digest` is that of the bundle that answered."""

    value: Any
    digest: Optional[str]
    headers: Mapping[str, str]


def predict(
    connection: "Connection",
    service: str,
    request: Mapping[str, Any],
    timeout: float,
    extra_headers: Optional[Mapping[str, str]] = None,
) -> Prediction:
    """PredictionError when the bundle answers with an error, APIError when nothing does; `timeout` in seconds."""
    body = request_body(request, timeout, extra_headers)
    status, headers, content = connection.post(service, body, timeout, extra_headers)
    if status < 400:
        return Prediction(_json(content), headers.get("x-modelbundle-digest"), headers)
    raise error_of(status, content)


def request_body(request: Mapping[str, Any], timeout: float, extra_headers: Optional[Mapping[str, str]]) -> bytes:
    """The request as JSON; InvalidBundleError where it, the timeout or a header cannot be sent."""
    try:
        body = json.dumps(request, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise InvalidBundleError(f"the request cannot be written as JSON: {error}") from None
    for name, text in (extra_headers or {}).items():
        if not (
            isinstance(name, str) and isinstance(text, str) and (name + text).isascii() and (name + text).isprintable()
        ):
            raise InvalidBundleError(f"the header {name!r} cannot be sent: headers are printable ASCII texts")
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
        raise InvalidBundleError(f"timeout must be a number of seconds above 0, it is {timeout!r}")
    return body


def error_of(status: int, content: bytes) -> PredictionError:
    """The server's error in a body or an event."""
    value = _json(content)
    refusal = value.get("error") if isinstance(value, dict) else None
    said: Mapping[str, Any] = refusal if isinstance(refusal, dict) else {}
    message = str(said.get("message") or content.decode("utf-8", "replace")[:500])
    return PredictionError(status, str(said.get("code") or "Failed"), message, said.get("details"))


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
