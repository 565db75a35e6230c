"""Decode, check, submit, check, encode: what becomes of a prediction, once for all protocols."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.server.bundle import ServedBundle
from bundle_runtime.server.counters import Counters
from bundle_runtime.server.http.content_coding import encoded
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import Responses
from bundle_runtime.server.http.trace import trace_context
from bundle_runtime.server.http.turns import Turns
from bundle_runtime.server.limits import Limits
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory
from bundle_runtime.server.predict.codec import Codec, FieldsCodec
from bundle_runtime.server.predict.large import LargeBodies
from bundle_runtime.server.predict.streaming import Stream
from bundle_runtime.server.queue.calls import FIELDS, as_call
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.queue.request import Pending
from bundle_runtime.server.readiness import Readiness
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.schemas import Violation
from bundle_runtime.server.worker.link import WorkerLink

UNREAD_SECONDS = 10  # in which others waited


class Predictions:
    """Takes the results of the dispatcher, whose only caller it is. ``timeout_seconds`` is the dispatcher's own, for
    messages."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bundle: ServedBundle,
        memory: Memory,
        dispatcher: Dispatcher,
        link: WorkerLink,
        responses: Responses,
        readiness: Readiness,
        counters: Counters,
        timeout_seconds: float,
        limits: Limits,
    ) -> None:
        self.bundle = bundle
        self.memory = memory
        self.link = link
        self.responses = responses
        self.readiness = readiness
        self.fields = FieldsCodec(memory)
        self._dispatcher = dispatcher
        self._counters = counters
        self._timeout = timeout_seconds
        self.limits = limits
        self.turns = Turns(loop)
        self._large = LargeBodies(memory, self, timeout_seconds)
        dispatcher.on_finish = self._finished
        dispatcher.on_item = self._streamed

    def predict(self, exchange: Exchange, codec: Codec) -> None:
        """Sends what the exchange asks for to the worker, or answers with the reason why not."""
        reason = self.readiness.refusal(exchange)
        if reason is not None:
            self.responses.failed(exchange, *reason)
            return
        if len(exchange.body) > codec.large_bytes and codec.takes_long(exchange):
            self._large.read(exchange, codec)
            return
        try:
            kind, payload = self.read(exchange, codec)
            self._submit(exchange, codec, kind, payload, len(payload))
        except Refused as refusal:
            self.responses.refused(exchange, refusal)

    def tick(self) -> None:
        """Once a second: a stream that nobody reads gives its place up to those that wait for it."""
        if self._dispatcher.queue_depth:
            for exchange in self._dispatcher.contexts():
                if exchange.stream is not None and exchange.stream.unread() > UNREAD_SECONDS:
                    exchange.connection.abort()

    def begin(self) -> None:
        """Before there are clients: what is easier while there are none."""
        self._large.begin()

    async def idle(self) -> None:
        """Returns when no client waits for a prediction."""
        await self._large.idle()
        await self._dispatcher.idle()

    def read(self, exchange: Exchange, codec: Codec) -> tuple[int, bytes]:
        """Kind and payload of the worker's frame."""
        schema = self.bundle.request_schema
        content = codec.decode(exchange)
        violations = None if schema is None else codec.request_violations(schema, content)
        if violations is not None:
            raise self._violates("request", "the request does not fit the bundle's request schema", violations)
        head, payload = codec.pack(content)
        traced = exchange.traceparent and self.link.traces
        if not traced and head is FIELDS:
            return wire.REQUEST, payload
        trace = trace_context(exchange) if traced else {}
        return as_call(head, payload, trace, batches=self._dispatcher.batches)

    def known(self) -> Any:
        """What the worker has said that read() asks for."""
        return self.link.traces, self._dispatcher.batches

    def learn(self, worker: Any) -> None:
        """The same in a process that reads, to which no worker speaks."""
        self.link.traces, batches = worker
        self._dispatcher.ready(lambda *_: None, int(batches))

    def _violates(self, which: str, message: str, violations: list[Violation]) -> Refused:
        self._counters.violations[which] += 1
        return Refused(f"{which.title()}SchemaViolation", message, violations)

    def _submit(self, exchange: Exchange, codec: Codec, kind: int, payload: bytes | memoryview, size: int) -> None:
        if size > wire.MAX_HEADED:  # some protocols' JSON is several times as large when it is parsed
            message = f"for the worker the request is {size} bytes, more than {wire.MAX_HEADED}"
            raise self.memory.too_much("request", "frame", "BodyTooLarge", f"{message}: send less in one")
        if size > UNCOUNTED_MAX_BYTES:
            self.memory.hold(exchange, size)
        exchange.context = codec
        pending = self._dispatcher.admit(exchange, payload, kind)  # type: ignore[arg-type]  # it is only sent
        exchange.body = b""
        exchange.cancel = partial(self._client_gone, exchange, pending)

    # called for a large body, which was read elsewhere meanwhile

    def was_read(self, exchange: Exchange, codec: Codec, kind: int, payload: memoryview, size: int) -> None:
        """It goes to the worker, if there is a place for it now."""
        reason = self.readiness.refusal(exchange, begun=True)
        if reason is not None:
            self.responses.failed(exchange, *reason)
            return
        try:
            self._submit(exchange, codec, kind, payload if size > UNCOUNTED_MAX_BYTES else bytes(payload), size)
        except Refused as refusal:
            self.responses.refused(exchange, refusal)

    def was_refused(self, exchange: Exchange, refusal: Refused) -> None:
        """It is not a request that the bundle takes."""
        self._counters.violations["request"] += refusal.code == "RequestSchemaViolation"
        self.responses.refused(exchange, refusal)

    def was_not_read(self, exchange: Exchange, code: str, error: str) -> None:
        """Not in time, or by a mistake of this server's."""
        if code == "InternalError":
            self.responses.internal_error(exchange, RuntimeError(error))
        else:
            self.responses.failed(exchange, code, self._says(code))

    def left(self, exchange: Exchange) -> None:
        """Its client has gone before."""
        self.responses.count(exchange, "ClientGone")

    def _client_gone(self, exchange: Exchange, pending: Pending) -> None:
        self._dispatcher.drop(pending)
        self.responses.count(exchange, "ClientGone")

    # called by the dispatcher: a mistake here ends one request alone, the worker's others are none the worse for it

    def _finished(self, exchange: Exchange, code: str, payload: bytes) -> None:
        try:
            if code:
                self.responses.failed(exchange, code, payload.decode() or self._says(code))
            elif exchange.stream is not None:
                exchange.stream.ended()
            else:
                self._respond(exchange, payload)
        except Refused as refusal:
            self.responses.refused(exchange, refusal)
        except Exception as error:
            self.responses.internal_error(exchange, error)

    def _says(self, code: str) -> str:
        """Of an end without words of the worker."""
        if code == "DeadlineExceeded":
            return f"no answer within {self._timeout:g} s (serving.requestTimeoutSeconds)"
        if code == "WorkerDied":
            return "the worker died, or was restarted, while it had this request"
        return "the worker went away before it had this request: send it again"

    def _respond(self, exchange: Exchange, payload: bytes) -> None:
        codec: Codec = exchange.context
        schema = self.bundle.response_schema
        response = codec.read(payload, checked=schema is not None)
        violations = None if schema is None else codec.response_violations(schema, response)
        if violations is not None:
            message = "the prediction does not fit the bundle's response schema: fix predict_fn or the schema"
            raise self._violates("response", message, violations)
        body, content_type, headers = codec.encode(response)
        if codec.compresses:
            body, coding = encoded(exchange, body)
            headers += coding
        self.responses.succeeded(exchange, body, content_type, headers)

    def _streamed(self, pending: Pending, items: bytes | None) -> None:
        exchange: Exchange = pending.context
        try:
            if exchange.stream is None:
                exchange.stream = self._begin_stream(exchange, pending)
            if items is not None:
                exchange.stream.items(items)
        except Exception as error:
            self._dispatcher.drop(pending)
            self.responses.internal_error(exchange, error)

    def _begin_stream(self, exchange: Exchange, pending: Pending) -> Stream:
        message = "the item does not fit the bundle's response schema: fix predict_fn or the schema"
        return Stream(
            exchange,
            self.responses,
            self.memory,
            self.bundle.response_schema,
            violates=partial(self._violates, "response", message),
            give=partial(self._dispatcher.give, pending),
            stop=partial(self._dispatcher.drop, pending),
        )
