"""A request on its way to the Service of a bundle or an endpoint.

From outside the cluster it goes through the API server's proxy to the Service: that needs no route into the cluster, no
program beside this one, and only the right `create` on services/proxy; a port-forward would need a pod's name and end
with the pod. In a pod of the cluster it goes to the Service itself. urllib is imported when it is used: with it comes
ssl, and most commands ask no URL.
"""

from __future__ import annotations

import time
from typing import Any, Iterator, Mapping, NamedTuple, Optional, Tuple

from launch.cluster.api import post_to_service, stream_from_service
from launch.errors import APIError

# a pod is ready a moment before the API server's proxy knows of it
FOLLOW_SECONDS = 10.0
_NO_ENDPOINTS = "no endpoints available"

_PIECE = 1 << 16

Answer = Tuple[int, Mapping[str, str], bytes]


class Streamed(NamedTuple):
    """An answer whose body comes piece by piece; closing `pieces` ends it."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


def post(
    api: Any,
    namespace: str,
    service: str,
    body: bytes,
    timeout: float,
    headers: Optional[Mapping[str, str]] = None,
    *,
    direct: bool,
) -> Answer:
    """Send the body to the Service of a bundle or an endpoint: `direct`, as a pod can, else by the API server;
    `timeout` in seconds. APIError when nothing answers."""
    if direct:
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
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, data=body, headers={**(headers or {}), "content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()
    except (OSError, ValueError) as error:
        raise _unreachable(url, error) from error


def stream(
    api: Any,
    namespace: str,
    service: str,
    body: bytes,
    timeout: float,
    headers: Optional[Mapping[str, str]] = None,
    *,
    direct: bool,
) -> Streamed:
    """As `post`, for an answer of server-sent events; `timeout` is for each of its pieces."""
    if direct:
        return stream_from_url(f"http://{service}.{namespace}.svc/predict", body, timeout, headers)
    return Streamed(*stream_from_service(api, namespace, service, "predict", body, timeout, _of_events(headers)))


def stream_from_url(url: str, body: bytes, timeout: float, headers: Optional[Mapping[str, str]] = None) -> Streamed:
    """The same of a URL; APIError (status 0) where nothing answers, or the connection ends in the middle."""
    import urllib.error
    import urllib.request

    wanted = {**_of_events(headers), "content-type": "application/json"}
    request = urllib.request.Request(url, data=body, headers=wanted)
    answer: Any
    try:
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        answer = error
    except (OSError, ValueError) as error:
        raise _unreachable(url, error) from error
    return Streamed(int(answer.status or 0), _lower(answer.headers), _pieces(url, answer))


def _of_events(headers: Optional[Mapping[str, str]]) -> Mapping[str, str]:
    others = {name: value for name, value in (headers or {}).items() if name.lower() != "accept"}
    return {**others, "Accept": "text/event-stream"}


def _pieces(url: str, answer: Any) -> Iterator[bytes]:
    from http.client import HTTPException

    with answer:
        while True:
            try:
                piece = answer.read1(_PIECE)
            except (OSError, HTTPException) as error:
                raise APIError(0, f"{url} ended in the middle of its answer: {error!r}", "Unreachable") from error
            if not piece:
                return
            yield piece


def _unreachable(url: str, error: Exception) -> APIError:
    return APIError(0, f"cannot reach {url}: {getattr(error, 'reason', None) or error}", "Unreachable")


def _lower(headers: Any) -> Mapping[str, str]:
    return {name.lower(): value for name, value in headers.items()}
