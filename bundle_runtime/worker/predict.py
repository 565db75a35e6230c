"""One request: JSON text in, the frame that answers it out. Nothing that user code does may end the worker here."""

from __future__ import annotations

import inspect
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Callable

from bundle_runtime import wire
from bundle_runtime.worker.calling import Binder
from bundle_runtime.worker.encode import NotJSON, encode
from bundle_runtime.worker.user_errors import describe, full

if TYPE_CHECKING:
    import asyncio

_SCAN: Callable[[str, int], "tuple[Any, int]"] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
_PLAIN = frozenset((type(None), bool, int, float, str, list, dict, tuple))


class Predictor:
    """predict_fn with everything around it that one call needs; called from as many threads as may run at once."""

    def __init__(self, predict_fn: Callable[..., Any], schema_fields: frozenset[str]) -> None:
        self._predict_fn = predict_fn
        self._bind = Binder(predict_fn, schema_fields, _say).bind
        self._loops = threading.local()

    def answer(self, id: int, payload: bytes) -> bytes:
        """The whole frame. Its microseconds cover parsing, the call and serialising."""
        start = time.perf_counter()
        kind, answer = self._predict(payload)
        micros = int((time.perf_counter() - start) * 1e6)
        return wire.pack_header(kind, id, len(answer), micros) + answer

    def _predict(self, payload: bytes) -> tuple[int, bytes]:
        try:
            fields = _scan(str(payload, "utf-8"))
        except (ValueError, RecursionError, StopIteration) as error:
            return wire.ERROR, _error("NotJSON", f"the worker's Python cannot read the request: {error}")
        try:
            args, kwargs = self._bind(fields)
        except TypeError as error:  # only bind() raises it here, so it is no error inside user code
            return wire.ERROR, _error("PredictFailed", str(error))
        try:
            result = self._predict_fn(*args, **kwargs)
            if type(result) not in _PLAIN:
                result = self._settle(result)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: one request must not end the others
            print(full(error), file=sys.stderr, flush=True)
            return wire.ERROR, _error("PredictFailed", describe(error))
        return _encoded(result)

    def _settle(self, result: Any) -> Any:
        if inspect.isawaitable(result):
            return self._loop().run_until_complete(_await(result))
        if inspect.isgenerator(result) or inspect.isasyncgen(result):
            raise TypeError(
                "predict_fn returned a generator: streaming is not supported yet, return the whole result, for example "
                "list(...)"
            )
        return result

    def _loop(self) -> asyncio.AbstractEventLoop:
        """One loop for each thread, kept: clients that predict_fn opened on it live on."""
        loop = getattr(self._loops, "loop", None)
        if loop is None:
            import asyncio  # a sixteenth of a second that most bundles need not wait for

            loop = self._loops.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(loop)
        return loop


async def _await(awaitable: Any) -> Any:
    return await awaitable


def _scan(text: str) -> Any:
    """json.loads() without what the server has done: it knows that this is one JSON object."""
    return _SCAN(text, 0)[0] if text[0] == "{" else json.loads(text)


def _encoded(result: Any) -> tuple[int, bytes]:
    try:
        answer = encode(result)
    except NotJSON as error:
        return wire.ERROR, _error("ResponseNotJSON", str(error))
    except Exception as error:  # a tolist() or model_dump() of the user's class raised
        print(full(error), file=sys.stderr, flush=True)
        return wire.ERROR, _error("ResponseNotJSON", f"turning the prediction into JSON raised {describe(error)}")
    if len(answer) > wire.MAX_BODY:
        limit = wire.MAX_BODY >> 20
        return wire.ERROR, _error(
            "PredictFailed", f"the prediction is {len(answer)} bytes of JSON, more than {limit} MiB"
        )
    return wire.RESPONSE, answer


def _error(code: str, message: str) -> bytes:
    return json.dumps({"code": code, "message": message[:16384]}).encode("ascii")


def _say(text: str) -> None:
    print(f"worker: {text}", file=sys.stderr, flush=True)
