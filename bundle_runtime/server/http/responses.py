"""Status lines, headers and error bodies: the bytes of an answer, with what never changes made once."""

from __future__ import annotations

import time
from email.utils import formatdate
from http import HTTPStatus
from typing import Any

import orjson

JSON = b"application/json"
TEXT = b"text/plain; version=0.0.4; charset=utf-8"

# The contract of docs/reference/pod-contract.md. 499 is never sent: it counts the clients that left.
STATUS_OF = {
    "OK": 200,
    "NotJSON": 400,
    "BadRequest": 400,
    "NotFound": 404,
    "MethodNotAllowed": 405,
    "RequestTooSlow": 408,
    "BodyTooLarge": 413,
    "UnsupportedEncoding": 415,
    "RequestSchemaViolation": 422,
    "ArgumentMismatch": 422,
    "QueueFull": 429,
    "HeadersTooLarge": 431,
    "ClientGone": 499,
    "InternalError": 500,
    "PredictFailed": 500,
    "ResponseSchemaViolation": 500,
    "ResponseNotJSON": 500,
    "ResponseTooLarge": 500,
    "NotReady": 503,
    "Draining": 503,
    "WorkerDied": 503,
    "WorkerStalled": 503,
    "MemoryFull": 503,
    "DeadlineExceeded": 504,
}


class Heads:
    """The start of an answer by status and type; forgotten every second, as the date is in it."""

    def __init__(self, digest: str) -> None:
        self._digest = digest.encode("ascii", "replace")
        self._cache: dict[tuple[int, bytes], bytes] = {}

    def forget(self) -> None:
        self._cache.clear()

    def get(self, status: int, content_type: bytes = JSON) -> bytes:
        head = self._cache.get((status, content_type))
        if head is None:
            head = self._cache[(status, content_type)] = self._make(status, content_type)
        return head

    def _make(self, status: int, content_type: bytes) -> bytes:
        date = formatdate(time.time(), usegmt=True).encode("ascii")
        return b"HTTP/1.1 %d %b\r\ndate: %b\r\ncontent-type: %b\r\nx-modelbundle-digest: %b\r\n" % (
            status,
            HTTPStatus(status).phrase.encode("ascii"),
            date,
            content_type,
            self._digest,
        )


def error_body(code: str, message: str, details: list[Any] | None = None) -> bytes:
    return orjson.dumps({"error": {"code": code, "message": message, "details": details or []}})
