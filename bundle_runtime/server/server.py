"""The routes: what each one answers, and with which code when it cannot.

docs/reference/pod-contract.md is the contract.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import sys
import traceback
from collections.abc import Mapping
from functools import partial
from time import monotonic
from typing import Any

import orjson

from bundle_runtime.contract import wire
from bundle_runtime.server import routes
from bundle_runtime.server.container import ASSUMED
from bundle_runtime.server.http.connection import HttpConnection
from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.responses import JSON, STATUS_OF, Heads, error_body
from bundle_runtime.server.lifecycle import FINISHING, SERVING, Lifecycle
from bundle_runtime.server.memory import SMALL, Memory, TooMuch
from bundle_runtime.server.metrics import Metrics
from bundle_runtime.server.queue.calls import FIELDS, as_call
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.queue.request import Pending
from bundle_runtime.server.schemas import Violation, compile_schema
from bundle_runtime.server.worker.link import WorkerLink

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=@-]{1,128}")
MAX_BODY_BYTES = 64 * 1024 * 1024
_RETRY = b"retry-after: 1\r\n"


class App:
    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        document: Mapping[str, Any],
        digest: str,
        *,
        max_concurrency: int,
        queue_limit: int,
        timeout_seconds: float,
        stall_seconds: float,
        name: str = "",
        max_body: int = MAX_BODY_BYTES,
        memory_limit: int = ASSUMED,
    ) -> None:
        self._loop = loop
        self.max_body = max_body
        self.memory = Memory(memory_limit)
        self.digest = digest
        self.name = name
        self.request_schema = compile_schema(document.get("requestSchema"))
        self.response_schema = compile_schema(document.get("responseSchema"))
        self.schemas = {name: document.get(name) for name in ("requestSchema", "responseSchema")}
        self._timeout = timeout_seconds
        self.stall_seconds = stall_seconds
        self.lifecycle = Lifecycle()
        self.dispatcher = Dispatcher(
            loop, max_concurrency, queue_limit, timeout_seconds, self._finished, self.lifecycle
        )
        self.dispatcher.on_item = self._streams
        self.link = WorkerLink(loop, digest, self.dispatcher, self.memory, self.lifecycle, stall_seconds)
        self.metrics = Metrics()
        self.metrics.of(self)
        self.connections: set[HttpConnection] = set()
        self.heads = Heads(digest)
        self._prefix = os.urandom(6).hex().encode("ascii")
        self._numbers = itertools.count(1)

    def tick(self) -> None:
        """Once a second."""
        self.heads.forget()
        now = self._loop.time()
        for connection in list(self.connections):
            connection.check(now)
        if not self.dispatcher.has_worker and not self._worker_returns():
            self.dispatcher.give_up()

    # one request

    def handle(self, exchange: Exchange) -> None:
        if not exchange.request_id or not _REQUEST_ID.fullmatch(exchange.request_id):
            exchange.request_id = b"%b-%x" % (self._prefix, next(self._numbers))
        try:
            if exchange.refusal is not None:
                _, code, message = exchange.refusal
                self.failed(exchange, code, message)
            elif exchange.target == b"/predict" and exchange.method == b"POST" and exchange.is_uncompressed:
                self._predict(exchange)
            else:
                self._route(exchange)
        except Exception as error:
            self.broken(exchange, error)

    def _route(self, exchange: Exchange) -> None:
        if not exchange.target.startswith(b"/"):
            exchange.to_origin_form()
        path = exchange.target.partition(b"?")[0]
        route = routes.ROUTES.get(path)
        if route is None:
            from bundle_runtime.server.protocols import routes as protocols  # what most pods are never asked

            protocols.route(self, exchange, path)
        elif exchange.method not in (b"GET", b"HEAD"):
            self.error(exchange, "MethodNotAllowed", f"{path.decode()} takes GET", more=b"allow: GET, HEAD\r\n")
        else:
            route(self, exchange)

    def _predict(self, exchange: Exchange) -> None:
        dispatcher = self.dispatcher
        busy = not dispatcher.has_worker or dispatcher.held_seconds > self._timeout or dispatcher.full()
        if (busy or self.lifecycle.stage >= FINISHING) and self.cannot_predict(exchange):
            return
        body, exchange.body = exchange.body, b""
        if len(body) > SMALL and not self.has_memory_for(exchange, body):
            return
        try:
            fields = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            self.failed(exchange, "NotJSON", f"the body is no JSON: {error}")
            return
        if type(fields) is not dict:
            self.failed(exchange, "NotJSON", "the body must be a JSON object that holds the fields of the request")
            return
        schema = self.request_schema
        if schema is not None and not schema.accepts(fields):
            self.violates(exchange, schema.violations(fields))
            return
        del body  # a large one is not held twice
        self.submit(exchange, wire.pack_fields(fields))

    def has_memory_for(self, exchange: Exchange, text: Any) -> bool:
        """For a request's JSON, parsed. False when the exchange has been answered with 413 or 503."""
        try:
            self.memory.needs_values(text, "the body")
        except TooMuch as refusal:
            self.failed(exchange, refusal.code, str(refusal))
            return False
        self.memory.release(exchange)  # of the body: what is sent on is counted when it is known
        return True

    def has_memory_for_answer(self, exchange: Exchange, text: Any, copies: int = 0) -> bool:
        """For the worker's JSON: parsed when there is a response schema, and ``copies`` of it. False when the exchange
        has been answered so."""
        size = len(text)
        if size <= SMALL:
            return True
        try:
            if self.response_schema is not None:
                self.memory.needs_values(text, "the prediction", "ResponseTooLarge")
            self.memory.needs(size * (1 + copies), "the prediction", 0, "ResponseTooLarge")
        except TooMuch as refusal:
            self.failed(exchange, refusal.code, str(refusal))
            return False
        return True

    def cannot_predict(self, exchange: Exchange) -> bool:
        """Asked before a body is looked at; True when the exchange has been answered so."""
        if self.lifecycle.stage >= FINISHING and not exchange.connection.keepalive_announced:
            self.failed(exchange, "Draining", "this server is going away: send the request again, another one takes it")
        elif not self.dispatcher.has_worker and not self._worker_returns():
            self.failed(exchange, "NotReady", self.why_not_ready())
        elif self.held():
            self.failed(exchange, "WorkerStalled", routes.HELD)
        elif self.dispatcher.full():
            self.failed(exchange, "QueueFull", "as many requests wait as may: send it again later")
        else:
            return False
        return True

    def _worker_returns(self) -> bool:
        # a pod that goes away starts no worker again
        return self.link.returning and self.lifecycle.stage is SERVING

    def violates(self, exchange: Exchange, violations: list[Violation]) -> None:
        self.metrics.violations["request"] += 1
        message = "the request does not fit the bundle's request schema"
        self.failed(exchange, "RequestSchemaViolation", message, violations)

    def submit(self, exchange: Exchange, payload: bytes, head: dict[str, Any] = FIELDS) -> None:
        """To the worker, in its turn; what comes of it goes to ``exchange.answers``. ``head`` says what this is."""
        kind = wire.REQUEST
        traces = self.link.traces
        if (exchange.traceparent and traces) or head is not FIELDS:
            batches = self.dispatcher.batches
            kind, payload = as_call(exchange, head, payload, batches=batches, traces=traces)
        if len(payload) > wire.MAX_HEADED:  # some protocols' JSON is several times as large when it is parsed
            size, most = len(payload), wire.MAX_HEADED
            message = f"for the worker the request is {size} bytes, more than {most}: send less in one"
            self.failed(exchange, "BodyTooLarge", message)
            return
        if len(payload) > SMALL:
            self.memory.hold(exchange, len(payload))
        pending = self.dispatcher.admit(exchange, payload, kind)
        exchange.body = b""
        exchange.cancel = partial(self._client_gone, exchange, pending)

    def _finished(self, exchange: Exchange, code: str, payload: bytes) -> None:
        try:
            self._finish(exchange, code, payload)
        except Exception as error:  # of this answer alone: the worker's other requests are none the worse for it
            self.broken(exchange, error)

    def _finish(self, exchange: Exchange, code: str, payload: bytes) -> None:
        if not code:
            if exchange.stream is not None:
                exchange.stream.ended()
            elif exchange.answers is None:
                self._predicted(exchange, payload)
            else:
                exchange.answers.predicted(payload)
        elif payload:  # the worker's own words
            self.failed(exchange, code, payload.decode())
        elif code == "DeadlineExceeded":
            self.failed(exchange, code, f"no answer within {self._timeout:g} s (serving.requestTimeoutSeconds)")
        elif code == "WorkerDied":
            self.failed(exchange, code, "the worker died, or was restarted, while it had this request")
        else:
            self.failed(exchange, code, "the worker went away before it had this request: send it again")

    def _streams(self, pending: Pending, items: bytes | None) -> None:
        exchange: Exchange = pending.context
        try:
            self._stream(exchange, pending, items)
        except Exception as error:
            self.dispatcher.drop(pending)
            self.broken(exchange, error)

    def _stream(self, exchange: Exchange, pending: Pending, items: bytes | None) -> None:
        if exchange.stream is None:
            from bundle_runtime.server.protocols.streaming import Stream  # most bundles yield nothing

            give, stop = partial(self.dispatcher.give, pending), partial(self.dispatcher.drop, pending)
            exchange.stream = Stream(self, exchange, give, stop)
        if items is not None:
            exchange.stream.items(items)

    def _predicted(self, exchange: Exchange, payload: bytes) -> None:
        if len(payload) > SMALL and not self.has_memory_for_answer(exchange, payload):
            return
        if self.response_schema is not None:
            try:
                answer = orjson.loads(payload)
            except orjson.JSONDecodeError as error:
                self.failed(exchange, "ResponseNotJSON", f"the worker's answer is no JSON: {error}")
                return
            if not self.response_schema.accepts(answer) and self.is_broken_promise(exchange, answer):
                return
        self.succeeded(exchange, payload)

    def is_broken_promise(self, exchange: Exchange, answer: Any) -> bool:
        """True when the prediction breaks the response schema and the exchange has been answered so."""
        schema = self.response_schema
        if schema is None or schema.accepts(answer):
            return False
        self.metrics.violations["response"] += 1
        message = "the prediction does not fit the bundle's response schema: mend predict_fn or the schema"
        self.failed(exchange, "ResponseSchemaViolation", message, schema.violations(answer))
        return True

    def succeeded(self, exchange: Exchange, body: bytes, content_type: bytes = JSON, more: bytes = b"") -> None:
        metrics = self.metrics
        metrics.requests[(200, "OK")] += 1
        metrics.latency.observe(monotonic() - exchange.started)
        exchange.connection.reply(exchange, self.heads.get(200, content_type), body, more)

    def _client_gone(self, exchange: Exchange, pending: Pending) -> None:
        self.dispatcher.drop(pending)
        self.count(exchange, "ClientGone")

    def held(self) -> bool:
        """Whatever came now would wait behind requests that are too late already."""
        return self.dispatcher.held_seconds > self._timeout

    # errors

    def failed(self, exchange: Exchange, code: str, message: str, details: list[Any] | None = None) -> None:
        """An error of a prediction, counted; in the words of the exchange's protocol."""
        status = STATUS_OF.get(code)
        if status is None:  # a worker of another version, or user code that wrote to our socket
            code, status = "PredictFailed", 500
        self.count(exchange, code)
        if code == "NotReady":
            exchange.keep_alive = False  # on a new connection the next request may reach another pod
        if status >= 500 and code not in ("NotReady", "Draining"):
            first = message.split("\n", 1)[0][:300]
            print(f"server: {code} request={exchange.request_id.decode()}: {first}", file=sys.stderr, flush=True)
        self.error(exchange, code, message, details, _RETRY if status in (429, 503) else b"")

    def broken(self, exchange: Exchange, error: Exception) -> None:
        """A mistake of ours, or what nobody thought of: no client waits for ever because of it."""
        traceback.print_exception(error)
        connection = exchange.connection
        exchange.keep_alive = False
        if connection.awaits(exchange):
            try:
                self.failed(exchange, "InternalError", "a mistake in this server: its log has the traceback")
            except Exception as another:
                traceback.print_exception(another)
            else:
                return
        connection.abort()  # nobody knows how much of an answer went out

    def count(self, exchange: Exchange, code: str) -> None:
        self.metrics.requests[(STATUS_OF[code], code)] += 1
        self.metrics.latency.observe(monotonic() - exchange.started)

    def error(
        self, exchange: Exchange, code: str, message: str, details: list[Any] | None = None, more: bytes = b""
    ) -> None:
        if exchange.stream is not None:
            exchange.stream.failed(code, message, details)
            return
        status = STATUS_OF[code]
        if exchange.answers is None:
            body = error_body(code, message, details)
        else:
            body = exchange.answers.failed(status, code, message, details or [])
        exchange.reply(self.heads.get(status), body, more)

    def not_ready(self) -> tuple[str, str] | None:
        """Code and message; None when this pod takes requests."""
        if self.lifecycle.stage is not SERVING:
            return "Draining", "this server is going away"
        if self.held():
            return "WorkerStalled", routes.HELD
        if not self.link.loaded:
            return "NotReady", self.why_not_ready()
        return None

    def why_not_ready(self) -> str:
        failure = self.link.failure
        if failure is not None:
            return f"the worker failed: {failure['reason']}: {failure['message']}"
        return "no worker has loaded the bundle yet"

    def json(self, exchange: Exchange, value: Any) -> None:
        exchange.reply(self.heads.get(200), orjson.dumps(value), b"cache-control: no-store\r\n")
