"""What the page asks to be done: a prediction, and where it is allowed a scale or a move."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, Mapping, NamedTuple, Protocol

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.ui.requests import Answer, BadRequest, text
from launch.ui.rows import row_of

MOST_REPLICAS = 10000
LONGEST_ANSWER = 1 << 20  # bytes


class Answered(NamedTuple):
    """Of a bundle; the content may be cut."""

    status: int
    digest: str
    content: bytes


class Acts(Protocol):
    """A cluster, or the directory of local bundles."""

    def predict(self, namespace: str, service: str, body: bytes, most: int) -> Answered:
        """Send a request to a bundle or an endpoint; at most so many bytes of its answer are read."""

    def patch(self, plural: str, namespace: str, name: str, change: Mapping[str, Any]) -> Dict[str, Any]:
        """The object after a merge patch."""


def predict(source: Any, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The answer as a text; the request is sent as it was written, so that no number is rounded on the way."""
    request = text(asked, "request")
    try:
        json.loads(request)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request is not valid JSON: {error}") from None
    began = time.monotonic()
    answered = source.predict(text(asked, "namespace"), text(asked, "service"), request.encode("utf-8"), LONGEST_ANSWER)
    return {
        "status": answered.status,
        "digest": answered.digest,
        "seconds": round(time.monotonic() - began, 3),
        "text": answered.content[:LONGEST_ANSWER].decode("utf-8", "replace"),
        "cut": len(answered.content) >= LONGEST_ANSWER,
    }


def scale(source: Any, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """Ask for so many replicas of a bundle."""
    replicas = asked.get("replicas")
    if isinstance(replicas, bool) or not isinstance(replicas, int) or not 0 <= replicas <= MOST_REPLICAS:
        raise BadRequest(f"replicas must be a whole number from 0 to {MOST_REPLICAS}, it is {str(replicas)[:50]}")
    return _patched(source, PLURAL, asked, {"serving": {"replicas": replicas}})


def move(source: Any, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """Ask that an endpoint moves to another bundle."""
    return _patched(source, ENDPOINT_PLURAL, asked, {"bundle": text(asked, "bundle")})


def _patched(source: Acts, plural: str, asked: Mapping[str, Any], spec: Mapping[str, Any]) -> Dict[str, Any]:
    changed = source.patch(plural, text(asked, "namespace"), text(asked, "name"), {"spec": spec})
    return {"row": row_of(plural, changed)}


POSTS: Dict[str, Answer] = {"predict": predict}
WRITES: Dict[str, Answer] = {"scale": scale, "move": move}
