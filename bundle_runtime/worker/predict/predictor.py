"""What answers a request, whatever the bundle holds: the result of one call, made a frame's kind and payload.

function.py calls a function for each request, batch.py an object for many at once; choose.py says which of them a
bundle gets. Nothing that user code does may end the worker here.
"""

from __future__ import annotations

import abc
import copy
import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Tuple

from bundle_runtime.contract import wire
from bundle_runtime.contract.report import LOAD_FAILED, fail
from bundle_runtime.worker.encode.array_extractor import ArrayExtractor
from bundle_runtime.worker.encode.encode import encode
from bundle_runtime.worker.failures import Failed, checked, unencodable
from bundle_runtime.worker.predict.streaming import Stream, is_stream
from bundle_runtime.worker.timing import Stopwatch

if TYPE_CHECKING:
    import asyncio

Answer = Tuple[int, bytes]  # kind and payload of a frame


class Predictor(abc.ABC):
    """For one thread: the stopwatch, the encoder and the event loop belong to it alone."""

    max_batch: int  # requests that one call takes; 0: they come one by one
    fields: dict[str, list[str]]  # what Binder.fields says, for the OpenAPI document

    def __init__(self, predict_fn: Any) -> None:
        self._not_finite = not_finite_of(predict_fn)
        self.encode = ArrayExtractor(self._not_finite).encode
        self.watch = Stopwatch()
        self._loop: asyncio.AbstractEventLoop | None = None

    def for_thread(self) -> Predictor:
        """The same for another thread, with what two threads cannot share."""
        other = copy.copy(self)
        other.encode = ArrayExtractor(self._not_finite).encode
        other.watch = Stopwatch()
        other._loop = None
        return other

    @abc.abstractmethod
    def call(self, fields: dict[str, Any]) -> Any:
        """The result for one request, or the Stream of what is yielded; Failed whatever user code did."""

    @abc.abstractmethod
    def answer_batch(self, payloads: list[memoryview]) -> list[Answer]:
        """An answer for each request of a BATCH."""

    @abc.abstractmethod
    def encoded_instances(self, rows: list[dict[str, Any]]) -> list[bytes]:
        """JSON text for each row; Failed, with the row's number, for the first that has none."""

    def answer(self, payload: bytes | memoryview, whole: bool = False) -> Answer | Stream:
        """For the fields of one request, as the wire has them. ``whole``: streams are made lists."""
        try:
            result = self.call(wire.unpack_fields(payload))
            if type(result) is Stream:
                if not whole:
                    return result
                result = list(result.items())
        except Failed as failed:
            return wire.ERROR, failed.payload
        try:
            return self.encode(result)
        except BaseException as error:  # SystemExit too: encoding calls methods of user code
            return wire.ERROR, unencodable(error).payload

    def call_whole(self, fields: dict[str, Any]) -> Any:
        """call() for a protocol without streams: what is yielded becomes a list."""
        result = self.call(fields)
        return list(result.items()) if isinstance(result, Stream) else result

    def encoded(self, result: Any) -> bytes:
        """The prediction as JSON text; Failed when it cannot be."""
        return checked(partial(encode, not_finite=self._not_finite), result)

    def _settle(self, result: Any) -> Any:
        """Awaits what has to be awaited, and tells streams from results."""
        if inspect.isawaitable(result):
            result = self._event_loop().run_until_complete(_await(result))
        return Stream(result, self.watch, self.encoded, self._event_loop) if is_stream(result) else result

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        """One loop, kept: clients that predict_fn opened on it live on."""
        if self._loop is None:
            import asyncio  # a sixteenth of a second that most bundles need not wait for

            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop


async def _await(awaitable: Any) -> Any:
    return await awaitable


def not_finite_of(predict_fn: Any) -> str:
    """What becomes of NaN and infinities: the function's own attribute ``not_finite``, "error" when it has none."""
    choice = getattr(predict_fn, "not_finite", "error")
    if choice not in ("error", "null"):
        raise fail(LOAD_FAILED, f'predict_fn.not_finite is {choice!r}: it may be "error" or "null"')
    return str(choice)
