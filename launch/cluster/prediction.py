"""One request to what serves a bundle, and its answer.

From outside the cluster it goes through the API server's proxy to the Service: that needs no route into the cluster, no
program beside this one, and only the right `create` on services/proxy; a port-forward would need a pod's name and end
with the pod. In a pod of the cluster it goes to the Service itself.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any, Mapping, NamedTuple, Optional, Tuple

from launch.cluster.api import post_to_service
from launch.cluster.transport import in_pod
from launch.errors import APIError, InvalidBundleError, PredictionError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

# a pod is ready a moment before the API server's proxy knows of it
FOLLOW_SECONDS = 10.0
_NO_ENDPOINTS = "no endpoints available"

Answer = Tuple[int, Mapping[str, str], bytes]


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
    status, headers, content = post(connection, service, body, timeout, extra_headers)
    value = _json(content)
    digest = headers.get("x-modelbundle-digest")
    if status < 400:
        return Prediction(value, digest, headers)
    refusal = value.get("error") if isinstance(value, dict) else None
    said: Mapping[str, Any] = refusal if isinstance(refusal, dict) else {}
    message = str(said.get("message") or content.decode("utf-8", "replace")[:500])
    raise PredictionError(status, str(said.get("code") or "Failed"), message, said.get("details"))


def post(
    connection: "Connection", service: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None
) -> Answer:
    """Send the body to the Service of a bundle or an endpoint, in a pod directly, else by the API server; `timeout` in
    seconds. APIError when nothing answers."""
    api, namespace = connection.place()
    if in_pod() and connection.endpoint is None:
        return post_to_url(f"http://{service}.{namespace}.svc/predict", body, timeout, headers)
    deadline = time.monotonic() + min(timeout, FOLLOW_SECONDS)
    while True:
        try:
            return post_to_service(api, namespace, service, "predict", body, timeout, headers)
        except APIError as error:  # no pod has seen the request
            if error.status != 503 or _NO_ENDPOINTS not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.2)


def post_to_url(url: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None) -> Answer:
    """Status, headers with names in lower case, body; APIError (status 0) where nothing answers."""
    request = urllib.request.Request(url, data=body, headers={**(headers or {}), "content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise APIError(0, f"cannot reach {url}: {reason}", "Unreachable") from error


def _lower(headers: Any) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
