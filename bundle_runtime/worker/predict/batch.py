"""An object with predict_batch: many requests, one call, a result for each."""

from __future__ import annotations

import inspect
from typing import Any

from bundle_runtime.contract import wire
from bundle_runtime.worker.failures import Failed, checked, failure_of, failure_of_coroutine, unencodable
from bundle_runtime.worker.predict.predictor import Answer, Predictor
from bundle_runtime.worker.predict.streaming import Stream


class BatchPredictor(Predictor):
    """``max_batch``: how many requests one call of predict_batch takes at most."""

    def __init__(self, predict_fn: Any, max_batch: int) -> None:
        super().__init__(predict_fn, predict_fn.predict_batch)
        self._predict_batch = predict_fn.predict_batch
        self.max_batch = max_batch
        self.fields = {}  # predict_batch gets the fields of a request as they are

    def call(self, fields: dict[str, Any]) -> Any:
        (result,) = self._call_batch([fields])
        return raise_if_error(result)

    async def call_asynchronous(self, fields: dict[str, Any]) -> Any:
        (result,) = await self.call_batch([fields])
        return raise_if_error(result)

    async def call_batch(self, rows: list[Any]) -> list[Any]:
        """A result for each row, exceptions among them; Failed when there is none for any."""
        if not self.asynchronous:
            return self._call_batch(rows)
        count = len(rows)
        self.watch.enter()
        try:
            results = self._predict_batch(rows)
            results = _listed(self._as_stream(await results if inspect.isawaitable(results) else results))
        except Failed:
            raise
        except BaseException as error:
            raise failure_of_coroutine(error) from None
        finally:
            self.watch.leave()
        return _of_each(results, count)

    def _call_batch(self, rows: list[Any]) -> list[Any]:
        count = len(rows)  # before the call: user code may change the list
        self.watch.enter()
        try:
            results = self._predict_batch(rows)
            results = _listed(results if type(results) is list else self._settle(results))
        except Failed:
            raise
        except BaseException as error:  # SystemExit too, as in a call of a function
            raise failure_of(error) from None
        finally:
            self.watch.leave()
        return _of_each(results, count)

    async def answer_batch(self, payloads: list[memoryview]) -> list[Answer]:
        rows = [wire.unpack_fields(payload) for payload in payloads]
        try:
            results = await self.call_batch(rows)
        except Failed as failed:
            return [(wire.ERROR, failed.payload)] * len(payloads)
        return [self._answer_of(result) for result in results]

    async def encoded_instances(self, rows: list[dict[str, Any]]) -> list[bytes]:
        texts: list[bytes] = []
        for at in range(0, len(rows), self.max_batch):
            for result in await self.call_batch(rows[at : at + self.max_batch]):
                try:
                    texts.append(self.encoded(raise_if_error(result)))
                except Failed as failed:
                    raise failed.within(f"instance {len(texts)}") from None
        return texts

    def _answer_of(self, result: Any) -> Answer:
        try:
            return checked(self.encode, raise_if_error(result))
        except Failed as failed:
            return wire.ERROR, failed.payload
        except BaseException as error:  # of a class that lies about what it is
            return wire.ERROR, unencodable(error).payload


def _of_each(results: list[Any], count: int) -> list[Any]:
    if len(results) != count:
        raise Failed("PredictFailed", f"predict_batch returned {len(results)} results for {count} requests")
    return results


def _listed(results: Any) -> list[Any]:
    """A list of our own; it asks objects of user code, so it may raise anything."""
    if type(results) is list:
        return results.copy()  # the function may keep its own, and change it
    if hasattr(results, "tolist") and getattr(results, "shape", None):  # an array is a result for each of its rows
        return list(results)
    if not isinstance(results, (list, tuple)):
        kind = "generator" if type(results) is Stream else type(results).__name__
        raise Failed("PredictFailed", f"predict_batch returned a {kind}: it must be a list, a result for each request")
    return list(results)


def raise_if_error(result: Any) -> Any:
    """The result; Failed when it is the exception that one request met with."""
    if isinstance(result, BaseException):
        raise failure_of(result)
    return result
