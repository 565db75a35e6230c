"""A prediction that comes item by item, on its way to the client: as events, as lines, or as one JSON array.

| Accept | answer | an error after the first item |
|---|---|---|
| text/event-stream | server-sent events, one JSON text each | the event ``error``, then the end |
| application/x-ndjson, application/jsonl | a line for each item | a last line with ``error`` in it |
| anything else | one JSON array, an item a line | the connection ends within the array, as nothing else can tell |

The worker gets credit for what the client has taken: one that reads slowly slows the function down, and one that reads
nothing while other requests wait for its place loses it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import orjson

from bundle_runtime.contract import wire
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import JSON, Responses, error_body
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import Schema, Violation

_COPIES = 3  # of a large item: as it came, in its form, and as a chunk
CREDIT_STEP_BYTES = wire.WINDOW // 4  # credit is given in this many bytes at least
_MORE = b"cache-control: no-store\r\nx-accel-buffering: no\r\n"  # a proxy that buffers would hold the items back


class _Form(NamedTuple):
    content_type: bytes
    items: Callable[[bytes, bool], bytes]  # JSON texts, one a line, and whether the first one is the first of all
    end: Callable[[bool], bytes]  # whether there was no item
    error: Callable[[bytes], bytes] | None  # an error's JSON text; None: only a broken connection can say it


_FORMS = {
    b"text/event-stream": _Form(
        b"text/event-stream",
        lambda texts, _: b"data: %b\n\n" % texts.replace(b"\n", b"\n\ndata: "),
        lambda _: b"",
        lambda text: b"event: error\ndata: %b\n\n" % text,
    ),
    b"application/x-ndjson": _Form(
        b"application/x-ndjson", lambda texts, _: texts + b"\n", lambda _: b"", lambda text: text + b"\n"
    ),
    b"application/json": _Form(
        JSON,
        lambda texts, first: (b"[" if first else b",\n") + texts.replace(b"\n", b",\n"),
        lambda empty: b"[]" if empty else b"]",
        None,
    ),
}
_FORMS[b"application/jsonl"] = _FORMS[b"application/x-ndjson"]._replace(content_type=b"application/jsonl")


class Stream:
    """One response that has begun. ``schema`` is the response schema of each item, if there is one, ``violates`` makes
    the error of an item that breaks it, ``give`` sends credit to the worker, ``stop`` ends what it does for this
    request."""

    def __init__(
        self,
        exchange: Exchange,
        responses: Responses,
        memory: Memory,
        schema: Schema | None,
        *,
        violates: Callable[[list[Violation]], Refused],
        give: Callable[[int], None],
        stop: Callable[[], None],
    ) -> None:
        self._exchange = exchange
        self._responses = responses
        self._memory = memory
        self._schema = schema
        self._violates = violates
        self._give = give
        self._stop = stop
        self._form = _form(exchange.header(b"accept"))
        self._owed = 0
        self._empty = True
        self._seconds_unread = 0
        exchange.connection.begin(exchange, responses.headers.get(200, self._form.content_type), _MORE)

    def items(self, texts: bytes) -> None:
        """What came together, one a line."""
        try:
            self._items(texts)
        except Refused as refusal:  # what the worker sends must not go out: an end from this side
            self._stop()
            self._responses.refused(self._exchange, refusal)

    def _items(self, texts: bytes) -> None:
        if len(texts) > UNCOUNTED_MAX_BYTES:
            if self._schema is not None:
                self._memory.needs_values(texts, "the item", "ResponseTooLarge")
            self._memory.needs(_COPIES * len(texts), "the item", 0, "ResponseTooLarge")
        if self._schema is not None:
            lines = texts.split(b"\n")
            for number, line in enumerate(lines):
                try:
                    self._check(self._schema, line)
                except Refused:
                    if number:
                        self._write(b"\n".join(lines[:number]))
                    raise
        self._write(texts)
        self._owed += wire.item_cost(texts)
        if self._owed >= CREDIT_STEP_BYTES and not self._exchange.connection.writing_paused:
            self.resumed()

    def _check(self, schema: Schema, text: bytes) -> None:
        """Refused when the item must not go out."""
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise Refused("ResponseNotJSON", f"the worker's item is not valid JSON: {error}") from None
        if not schema.accepts(value):
            raise self._violates(schema.violations(value))

    def _write(self, texts: bytes) -> None:
        self._exchange.connection.write(self._exchange, self._form.items(texts, self._empty))
        self._empty = False

    def resumed(self) -> None:
        """The client takes more."""
        self._seconds_unread = 0
        owed, self._owed = self._owed, 0
        if owed:
            self._give(owed)

    def unread(self) -> int:
        """For how many seconds the client has taken nothing; asked once in each that counts."""
        self._seconds_unread += self._exchange.connection.writing_paused
        return self._seconds_unread

    def ended(self) -> None:
        """The function has yielded its last item."""
        self._responses.count(self._exchange, "OK")
        end = self._form.end(self._empty)
        if end:
            self._exchange.connection.write(self._exchange, end)
        self._exchange.connection.finish(self._exchange, whole=True)

    def failed(self, code: str, message: str, details: list[Violation] | None = None) -> None:
        """Said in the stream where its form has a place for it; the caller has counted it."""
        connection = self._exchange.connection
        if self._form.error is not None:
            connection.write(self._exchange, self._form.error(error_body(code, message, details)))
        connection.finish(self._exchange, whole=self._form.error is not None)


def _form(accept: bytes) -> _Form:
    """The first that the client names; q-values are not weighed, as no client asks for two of these."""
    for offer in accept.lower().split(b","):
        found = _FORMS.get(offer.partition(b";")[0].strip())
        if found is not None:
            return found
    return _FORMS[b"application/json"]
