"""What a protocol of predictions is: a decoder of requests and an encoder of responses. Here is that of POST /predict.

The order of the steps, the schemas and the queue are the same for all protocols (predictions.py).
"""

from __future__ import annotations

from typing import Any, Protocol

import orjson

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import JSON
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory
from bundle_runtime.server.predict.long_reads import LARGE_BYTES, values_take_long
from bundle_runtime.server.predict.misread import not_fields
from bundle_runtime.server.predict.unread import problem, refuse_other_media
from bundle_runtime.server.queue.calls import FIELDS, CallHead
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import Schema, Violation

TEXT_COPIES = 6  # that a protocol makes of a prediction to put it its own way: as a string, and escaped


# a prediction as the client gets it: body, content type, and header lines, whole ones
Encoded = tuple[bytes, bytes, bytes]


class Codec(Protocol):
    """One protocol's. What ``decode`` returns comes back in the next two calls, what ``read`` returns in the last two;
    a codec that remembers something from its request to its response is made for each exchange."""

    compresses: bool  # the response may have the content coding that the client accepts
    remembers: tuple[str, ...]  # the attributes that decode() and pack() set, for the response
    large_bytes: int  # from which a body may take long to read

    def takes_long(self, exchange: Exchange) -> bool:
        """To decode, check and pack it: another process is to do it. Asked for more than ``large_bytes``."""

    def decode(self, exchange: Exchange) -> Any:
        """What the request asks for. Refused when it is not a request of this protocol."""

    def request_violations(self, schema: Schema, content: Any) -> list[Violation] | None:
        """None when the request fits the bundle's request schema."""

    def pack(self, content: Any) -> tuple[CallHead, bytes]:
        """What the worker gets: the head, which says what the payload is."""

    def read(self, payload: bytes, *, checked: bool) -> Any:
        """The worker's response; ``checked`` when there is a response schema. Refused when there is no memory for
        what is made of it."""

    def response_violations(self, schema: Schema, response: Any) -> list[Violation] | None:
        """None when it fits the bundle's response schema. Refused when it cannot be compared with one."""

    def encode(self, response: Any) -> Encoded:
        """In the protocol's form. Refused when it has none in it."""


def parsed(response: bytes) -> Any:
    """The worker's JSON. Refused when it is not valid."""
    try:
        return orjson.loads(response)
    except orjson.JSONDecodeError as error:
        raise Refused("ResponseNotJSON", f"the worker's response is not valid JSON: {error}") from None


class FieldsCodec:
    """POST /predict: the body is an object of the fields, and the response is the worker's JSON. ``copies`` of the
    response are made at once when it is encoded. Others that take fields and give JSON are built upon it."""

    compresses = False
    remembers: tuple[str, ...] = ()
    large_bytes = LARGE_BYTES
    head: CallHead = FIELDS

    def __init__(self, memory: Memory, copies: int = 0) -> None:
        self._memory = memory
        self._copies = copies

    def takes_long(self, exchange: Exchange) -> bool:
        return values_take_long(exchange.body)

    def decode(self, exchange: Exchange) -> Any:
        body, exchange.body = exchange.body, b""  # a large one is not held twice
        if len(body) > UNCOUNTED_MAX_BYTES:
            refuse_other_media(exchange, body)
            self._memory.needs_values(body, "the body")
            self._memory.release(exchange)  # what is sent on is counted when it is known
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            refuse_other_media(exchange, body)
            raise Refused("NotJSON", f"the body is not valid JSON: {problem(error, body)}") from None
        if type(value) is not dict:
            said = f"the body must be a JSON object that holds the fields of the request: {not_fields(value)}"
            raise Refused("NotJSON", said)
        return value

    def request_violations(self, schema: Schema, content: Any) -> list[Violation] | None:
        return None if schema.accepts(content) else schema.violations(content)

    def pack(self, content: Any) -> tuple[CallHead, bytes]:
        return self.head, wire.pack_fields(content)

    def read(self, payload: bytes, *, checked: bool) -> Any:
        if len(payload) > UNCOUNTED_MAX_BYTES:
            if checked:
                self._memory.needs_values(payload, "the prediction", "ResponseTooLarge")
            self._memory.needs(len(payload) * (1 + self._copies), "the prediction", 0, "ResponseTooLarge")
        return payload

    def response_violations(self, schema: Schema, response: Any) -> list[Violation] | None:
        value = parsed(response)
        return None if schema.accepts(value) else schema.violations(value)

    def encode(self, response: Any) -> Encoded:
        return response, JSON, b""
