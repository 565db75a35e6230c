"""What answers a request, whatever the bundle holds: the result of one call, made a frame's kind and payload.

function.py calls a function for each request, batch.py an object for many at once; choose.py says which of them a
bundle gets. Nothing that user code does may end the worker here.
"""

from __future__ import annotations

import abc
import copy
import inspect
from functools import partial
from typing import Any, Tuple

from bundle_runtime.contract import wire
from bundle_runtime.contract.report import LOAD_FAILED, fail
from bundle_runtime.worker.encode.array_extractor import ArrayExtractor
from bundle_runtime.worker.encode.encode import encode
from bundle_runtime.worker.failures import Failed, checked, unencodable
from bundle_runtime.worker.predict.shared_loop import is_asynchronous, shared_loop
from bundle_runtime.worker.predict.streaming import Stream, is_stream
from bundle_runtime.worker.timing import Stopwatch

Answer = Tuple[int, bytes]  # kind and payload of a frame


class Predictor(abc.ABC):
    """For one thread, or one coroutine: the stopwatch belongs to it alone, the encoder to its thread."""

    max_batch: int  # requests that one call takes; 0: they come one by one
    fields: dict[str, list[str]]  # what Binder.fields says, for the OpenAPI document

    def __init__(self, predict_fn: Any, function: Any) -> None:
        """``function`` is what is called of ``predict_fn``."""
        self.asynchronous = is_asynchronous(function)  # called on the event loop, and awaited there
        self._not_finite = not_finite_of(predict_fn)
        self.encode = ArrayExtractor(self._not_finite).encode
        self.watch = Stopwatch()

    def for_thread(self) -> Predictor:
        """The same for another thread, with what two threads cannot share."""
        other = self.for_coroutine()
        other.encode = ArrayExtractor(self._not_finite).encode
        return other

    def for_coroutine(self) -> Predictor:
        """The same for another coroutine of the same thread."""
        other = copy.copy(self)
        other.watch = Stopwatch()
        return other

    @abc.abstractmethod
    def call(self, fields: dict[str, Any]) -> Any:
        """The result for one request, or the Stream of what is yielded; Failed whatever user code did."""

    @abc.abstractmethod
    async def call_asynchronous(self, fields: dict[str, Any]) -> Any:
        """call() where the bundle is asynchronous. A cancelled request is CancelledError."""

    @abc.abstractmethod
    async def answer_batch(self, payloads: list[memoryview]) -> list[Answer]:
        """An answer for each request of a BATCH."""

    @abc.abstractmethod
    async def encoded_instances(self, rows: list[dict[str, Any]]) -> list[bytes]:
        """JSON text for each row; Failed, with the row's number, for the first that has none."""

    def answer(self, payload: bytes) -> Answer | Stream:
        """For the fields of one request, as the wire has them, of a bundle that is not asynchronous."""
        try:
            result = self.call(wire.unpack_fields(payload))
        except Failed as failed:
            return wire.ERROR, failed.payload
        return result if type(result) is Stream else self._answer_with(result)

    async def answer_any(self, payload: bytes | memoryview, whole: bool = False) -> Answer | Stream:
        """answer() of any bundle. ``whole``: streams are made lists."""
        try:
            fields = wire.unpack_fields(payload)
            result = await (self.call_whole(fields) if whole else self._result(fields))
        except Failed as failed:
            return wire.ERROR, failed.payload
        return result if type(result) is Stream else self._answer_with(result)

    def _answer_with(self, result: Any) -> Answer:
        try:
            return self.encode(result)
        except BaseException as error:  # SystemExit too: encoding calls methods of user code
            return wire.ERROR, unencodable(error).payload

    async def call_whole(self, fields: dict[str, Any]) -> Any:
        """call() for a protocol without streams: what is yielded becomes a list."""
        result = await self._result(fields)
        return await result.as_list() if isinstance(result, Stream) else result

    async def _result(self, fields: dict[str, Any]) -> Any:
        return await self.call_asynchronous(fields) if self.asynchronous else self.call(fields)

    def encoded(self, result: Any) -> bytes:
        """The prediction as JSON text; Failed when it cannot be."""
        return checked(partial(encode, not_finite=self._not_finite), result)

    def _settle(self, result: Any) -> Any:
        """Awaits what has to be awaited, and tells streams from results."""
        if inspect.isawaitable(result):
            result = shared_loop.wait(result)
        return self._as_stream(result)

    def _as_stream(self, result: Any) -> Any:
        return Stream(result, self.watch, self.encoded, self.asynchronous) if is_stream(result) else result


def not_finite_of(predict_fn: Any) -> str:
    """What becomes of NaN and infinities: the function's own attribute ``not_finite``, "error" when it has none."""
    choice = getattr(predict_fn, "not_finite", "error")
    if choice not in ("error", "null"):
        raise fail(LOAD_FAILED, f'predict_fn.not_finite is {choice!r}: it may be "error" or "null"')
    return str(choice)
