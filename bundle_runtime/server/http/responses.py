"""Responses: status lines, headers and bodies, with what never changes made once, and each prediction counted."""

from __future__ import annotations

import sys
import time
import traceback
from email.utils import formatdate
from http import HTTPStatus
from time import monotonic
from typing import Any

import orjson

from bundle_runtime.server.counters import Counters
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.refusal import Refused

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
    "UnsupportedMediaType": 415,
    "ExpectationFailed": 417,
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
    "UnsupportedTransferCoding": 501,
    "NotReady": 503,
    "Draining": 503,
    "WorkerDied": 503,
    "WorkerStalled": 503,
    "MemoryFull": 503,
    "TooManyConnections": 503,
    "DeadlineExceeded": 504,
}


_RETRY = b"retry-after: 1\r\n"


class ResponseHeaders:
    """Status line and headers by status and content type; cleared every second, as the date is in them."""

    def __init__(self, digest: str) -> None:
        self._digest = digest.encode("ascii", "replace")
        self._cache: dict[tuple[int, bytes], bytes] = {}

    def clear(self) -> None:
        """Before the next second's first response."""
        self._cache.clear()

    def get(self, status: int, content_type: bytes = JSON) -> bytes:
        """Whole lines; the length, the request's id and the empty line are not among them."""
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
    """The JSON of an error as POST /predict has it."""
    return orjson.dumps({"error": {"code": code, "message": message, "details": details or []}})


class Responses:
    """Answers exchanges. Whole responses here; one in parts is written to the connection by its stream."""

    def __init__(self, digest: str, counters: Counters) -> None:
        self.headers = ResponseHeaders(digest)
        self._counters = counters

    def json(self, exchange: Exchange, value: Any) -> None:
        """Of a route other than predictions."""
        exchange.reply(self.headers.get(200), orjson.dumps(value), b"cache-control: no-store\r\n")

    def succeeded(self, exchange: Exchange, body: bytes, content_type: bytes = JSON, more: bytes = b"") -> None:
        """A prediction, counted; ``more`` are whole header lines."""
        counters = self._counters
        counters.requests[(200, "OK")] += 1
        counters.latency.observe(monotonic() - exchange.started)
        exchange.connection.reply(exchange, self.headers.get(200, content_type), body, more)

    def refused(self, exchange: Exchange, refusal: Refused) -> None:
        """A prediction that a check of this server ends, counted."""
        self.failed(exchange, refusal.code, str(refusal), refusal.details)

    def failed(self, exchange: Exchange, code: str, message: str, details: list[Any] | None = None) -> None:
        """An error of a prediction, counted, and logged when it is the server's or the worker's."""
        status = STATUS_OF.get(code)
        if status is None:  # a worker of another version, or user code that wrote to our socket
            code, status = "PredictFailed", 500
        self.count(exchange, code)
        if code == "NotReady":
            exchange.keep_alive = False  # on a new connection the next request may reach another pod
        if status >= 500 and code not in ("NotReady", "Draining", "UnsupportedTransferCoding"):
            first = message.split("\n", 1)[0][:300]
            print(f"server: {code} request={exchange.request_id.decode()}: {first}", file=sys.stderr, flush=True)
        self.error(exchange, code, message, details, _RETRY if status in (429, 503) else b"")

    def too_many(self, most: int) -> bytes:
        """The whole response to a connection for which there is no room, whatever it would have asked, counted."""
        code = "TooManyConnections"
        self._counters.requests[(STATUS_OF[code], code)] += 1
        body = error_body(code, f"this server has {most} connections, and none is idle: connect again later")
        head = self.headers.get(STATUS_OF[code])
        return b"%b%bcontent-length: %d\r\nconnection: close\r\n\r\n%b" % (head, _RETRY, len(body), body)

    def internal_error(self, exchange: Exchange, error: Exception) -> None:
        """An error of this server itself, logged and answered: no client waits forever because of it."""
        traceback.print_exception(error)
        connection = exchange.connection
        exchange.keep_alive = False
        if connection.awaits(exchange):
            try:
                self.failed(exchange, "InternalError", "an error in this server: its log has the traceback")
            except Exception as another:
                traceback.print_exception(another)
            else:
                return
        connection.abort()  # how much of a response went out is unknown

    def count(self, exchange: Exchange, code: str) -> None:
        """A prediction that ends with ``code``."""
        self._counters.requests[(STATUS_OF[code], code)] += 1
        self._counters.latency.observe(monotonic() - exchange.started)

    def error(
        self, exchange: Exchange, code: str, message: str, details: list[Any] | None = None, more: bytes = b""
    ) -> None:
        """In the form of the exchange's protocol; not counted."""
        if exchange.stream is not None:
            exchange.stream.failed(code, message, details)
            return
        status = STATUS_OF[code]
        if exchange.error_body is None:
            body = error_body(code, message, details)
        else:
            body = exchange.error_body(status, code, message, details or [])
        exchange.reply(self.headers.get(status), body, more)
