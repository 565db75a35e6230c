"""One request: its fields in, the frame that answers it out. Nothing that user code does may end the worker here."""

from __future__ import annotations

import copy
import inspect
import json
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from bundle_runtime.contract import wire
from bundle_runtime.contract.report import LOAD_FAILED, fail, valid_unicode
from bundle_runtime.worker.encode.array_extractor import Lifter
from bundle_runtime.worker.encode.encode import NotJSON, encode
from bundle_runtime.worker.predict.binder import Binder
from bundle_runtime.worker.predict.streaming import Stream, is_stream
from bundle_runtime.worker.timing import Watch
from bundle_runtime.worker.user_errors import describe, full, log

if TYPE_CHECKING:
    import asyncio

_PLAIN = frozenset((type(None), bool, int, float, str, list, dict, tuple))


MAX_BATCH = 64
MOST_BATCH = 4096


class Failed(Exception):
    """What the frame ``error`` says: one of its codes, and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def payload(self) -> bytes:
        return json.dumps({"code": self.code, "message": valid_unicode(str(self)[:16384])}).encode("ascii")


class Predictor:
    """predict_fn with everything around it that one call needs, for one thread."""

    def __init__(self, predict_fn: Callable[..., Any], schema_fields: frozenset[str]) -> None:
        self._predict_fn = predict_fn
        binder = Binder(predict_fn, schema_fields, _say)
        self._bind = binder.bind
        self._not_finite = not_finite_of(predict_fn)
        self.max_batch = max_batch_of(predict_fn)
        # what binder insists on, for the OpenAPI document; predict_batch is called without it
        self.fields = {} if self.max_batch else binder.fields
        self.predict_batch: Any = getattr(predict_fn, "predict_batch", None)
        self.encode = Lifter(self._not_finite).encode
        self.watch = Watch()
        self._loop: asyncio.AbstractEventLoop | None = None

    def for_thread(self) -> Predictor:
        """The same for another thread, with what two threads cannot share."""
        other = copy.copy(self)
        other.encode = Lifter(self._not_finite).encode
        other.watch = Watch()
        other._loop = None
        return other

    def answer(self, id: int, payload: bytes) -> bytes | Stream:
        """The whole frame, or the stream that answers."""
        self.watch.start()
        return self._frame(id, self.predict(payload))

    def answer_frame(self, frame: wire.Frame) -> bytes | Stream:
        """The same for a CALL; for a BATCH all of its frames."""
        if frame.kind == wire.BATCH:
            from bundle_runtime.worker.predict import batching

            return batching.answer(self, frame)
        from bundle_runtime.worker.predict import calls  # only once somebody asks so

        self.watch.start()
        try:
            return self._frame(frame.id, calls.run(self, frame.payload))
        except Failed as failed:
            return self._frame(frame.id, (wire.ERROR, failed.payload))

    def _frame(self, id: int, answer: tuple[int, bytes] | Stream) -> bytes | Stream:
        if type(answer) is not tuple:
            return answer  # type: ignore[return-value]
        kind, payload = answer
        if len(payload) > wire.MAX_BODY:
            kind, payload = wire.ERROR, too_large(len(payload)).payload
        return wire.pack_header(kind, id, len(payload), self.watch.phases()) + payload

    def predict(self, payload: bytes | memoryview, whole: bool = False) -> tuple[int, bytes] | Stream:
        """Kind and payload of the frame that answers. ``whole``: streams are made lists."""
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

    def call(self, fields: dict[str, Any]) -> Any:
        """predict_fn's result, or the Stream of what it yields; Failed whatever user code did."""
        if self.max_batch:
            from bundle_runtime.worker.predict import batching

            return batching.one(self, fields)
        try:
            args, kwargs = self._bind(fields)
        except TypeError as error:  # only bind() raises it here, so it is no error inside user code
            raise Failed("ArgumentMismatch", str(error)) from None
        self.watch.enter()
        try:
            result = self._predict_fn(*args, **kwargs)
            return result if type(result) in _PLAIN else self._settle(result)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: one request must not end the others
            raise failure_of(error) from None
        finally:
            self.watch.leave()

    def call_batch(self, rows: list[Any], listed: Callable[[Any], list[Any]]) -> list[Any]:
        """What predict_batch returns, ``listed``; Failed whatever user code did."""
        self.watch.enter()
        try:
            results = self.predict_batch(rows)
            return listed(results if type(results) is list else self._settle(results))
        except Failed:
            raise
        except BaseException as error:
            raise failure_of(error) from None
        finally:
            self.watch.leave()

    def encoded(self, result: Any) -> bytes:
        """The prediction as JSON text; Failed when it cannot be."""
        return checked(partial(encode, not_finite=self._not_finite), result)

    def _settle(self, result: Any) -> Any:
        if inspect.isawaitable(result):
            result = self.event_loop().run_until_complete(_await(result))
        return Stream(self, result) if is_stream(result) else result

    def event_loop(self) -> asyncio.AbstractEventLoop:
        """One loop, kept: clients that predict_fn opened on it live on."""
        if self._loop is None:
            import asyncio  # a sixteenth of a second that most bundles need not wait for

            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop


def failure_of(error: BaseException) -> Failed:
    """For an exception of user code, which goes to the log whole."""
    log(full(error))
    return Failed("PredictFailed", describe(error))


async def _await(awaitable: Any) -> Any:
    return await awaitable


def max_batch_of(predict_fn: Any) -> int:
    """How many requests predict_batch takes at most: its object's ``max_batch_size``; 0 when it does not batch.
    What can be called is called, whatever other methods it has."""
    if callable(predict_fn) or not callable(getattr(predict_fn, "predict_batch", None)):
        return 0
    size = getattr(predict_fn, "max_batch_size", MAX_BATCH)
    if type(size) is not int or not 0 < size <= MOST_BATCH:
        raise fail(LOAD_FAILED, f"max_batch_size is {size!r}: it must be a whole number from 1 to {MOST_BATCH}")
    return size


def not_finite_of(predict_fn: Callable[..., Any]) -> str:
    """What becomes of NaN and infinities: the function's own attribute ``not_finite``, "error" when it has none."""
    choice = getattr(predict_fn, "not_finite", "error")
    if choice not in ("error", "null"):
        raise fail(LOAD_FAILED, f'predict_fn.not_finite is {choice!r}: it may be "error" or "null"')
    return str(choice)


_Encoded = TypeVar("_Encoded", bytes, "tuple[int, bytes]")


def checked(encode: Callable[[Any], _Encoded], result: Any) -> _Encoded:
    """The prediction as ``encode`` has it; Failed when that cannot be."""
    try:
        answer = encode(result)
    except BaseException as error:
        raise unencodable(error) from None
    size = len(answer[1]) if isinstance(answer, tuple) else len(answer)
    if size > wire.MAX_BODY:
        raise too_large(size)
    return answer


def unencodable(error: BaseException) -> Failed:
    if isinstance(error, Failed):
        return error
    if isinstance(error, NotJSON):
        return Failed("ResponseNotJSON", str(error))
    log(full(error))  # a tolist() or model_dump() of the user's class raised
    return Failed("ResponseNotJSON", f"turning the prediction into JSON raised {describe(error)}")


def unreadable(id: int, error: BaseException) -> bytes:
    """The frame for a request that neither fits the contract nor got as far as user code."""
    log(full(error))
    return wire.pack(wire.ERROR, id, Failed("PredictFailed", f"the worker cannot read it: {describe(error)}").payload)


def too_large(size: int) -> Failed:
    return Failed("PredictFailed", f"the prediction is {size} bytes, more than {wire.MAX_BODY >> 20} MiB")


def _say(text: str) -> None:
    log(f"worker: {text}")
