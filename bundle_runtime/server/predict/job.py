"""What a process that reads a body for the server is told: the request, its codec, and what the server knows by now.

It was forked before there were requests (forker.py), so it has what stays: the schemas, and the code. These are left
out and named: the codec refers to them there as it does here.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from typing import Any, NamedTuple

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.predict.codec import Codec

_OF_THE_REQUEST = ("method", "target", "headers", "is_uncompressed", "traceparent", "request_id")


class Job(NamedTuple):
    """``size`` is that of the body, ``worker`` what is known of the worker, ``held`` the memory that is counted."""

    request: dict[str, Any]
    codec: Codec
    size: int
    worker: Any
    held: int

    def exchange(self, body: bytes) -> Exchange:
        """The request with its body; nobody is answered by it."""
        exchange = Exchange(None, 0.0)  # type: ignore[arg-type]
        for name, value in self.request.items():
            setattr(exchange, name, value)
        exchange.body = body
        return exchange


def request_of(exchange: Exchange) -> dict[str, Any]:
    """All of it that a codec looks at, but the body."""
    return {name: getattr(exchange, name) for name in _OF_THE_REQUEST}


def packed(job: Job, stays: Mapping[str, object]) -> bytes:
    """``stays``: what both sides have, by its name."""
    names = {id(value): name for name, value in stays.items()}

    class Pickler(pickle.Pickler):
        def persistent_id(self, value: Any) -> str | None:
            return names.get(id(value))

    content = io.BytesIO()
    Pickler(content).dump(tuple(job))
    return content.getvalue()


def unpacked(content: bytes, stays: Mapping[str, object]) -> Job:
    """The other way."""

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, name: Any) -> object:
            return stays[name]

    return Job(*Unpickler(io.BytesIO(content)).load())
