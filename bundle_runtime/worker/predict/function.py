"""predict_fn: called once for each request, with the request's fields as arguments."""

from __future__ import annotations

import inspect
from typing import Any, Callable

from bundle_runtime.worker.failures import Failed, failure_of, failure_of_coroutine
from bundle_runtime.worker.predict.binder import Binder
from bundle_runtime.worker.predict.predictor import Answer, Predictor
from bundle_runtime.worker.user_errors import log

_PLAIN = frozenset((type(None), bool, int, float, str, list, dict, tuple))


class FunctionPredictor(Predictor):
    """``schema_fields``: the names that the request schema gives to fields."""

    max_batch = 0

    def __init__(self, predict_fn: Callable[..., Any], schema_fields: frozenset[str]) -> None:
        super().__init__(predict_fn, predict_fn)
        self._predict_fn = predict_fn
        binder = Binder(predict_fn, schema_fields, _say)
        self._bind = binder.bind
        self.fields = binder.fields

    def call(self, fields: dict[str, Any]) -> Any:
        try:
            args, kwargs = self._bind(fields)
        except TypeError as error:  # only bind() raises it here, so user code did not raise it
            raise Failed("ArgumentMismatch", str(error)) from None
        self.watch.enter()
        try:
            result = self._predict_fn(*args, **kwargs)
            return result if type(result) in _PLAIN else self._settle(result)
        except BaseException as error:  # SystemExit and KeyboardInterrupt too: one request must not end the others
            raise failure_of(error) from None
        finally:
            self.watch.leave()

    async def call_asynchronous(self, fields: dict[str, Any]) -> Any:
        try:
            args, kwargs = self._bind(fields)
        except TypeError as error:
            raise Failed("ArgumentMismatch", str(error)) from None
        self.watch.enter()
        try:
            result = self._predict_fn(*args, **kwargs)
            return self._as_stream(await result if inspect.isawaitable(result) else result)
        except BaseException as error:
            raise failure_of_coroutine(error) from None
        finally:
            self.watch.leave()

    async def answer_batch(self, payloads: list[memoryview]) -> list[Answer]:
        return [await self.answer_any(payload, whole=True) for payload in payloads]  # type: ignore[misc]  # no Stream

    async def encoded_instances(self, rows: list[dict[str, Any]]) -> list[bytes]:
        texts = []
        for index, fields in enumerate(rows):
            try:
                texts.append(self.encoded(await self.call_whole(fields)))
            except Failed as failed:
                raise failed.within(f"instance {index}") from None
        return texts


def _say(text: str) -> None:
    log(f"worker: {text}")
