"""A batch: many requests, one call of predict_batch, an answer for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bundle_runtime.contract import wire
from bundle_runtime.worker.predict.predictor import Failed, checked, failure_of, unencodable
from bundle_runtime.worker.predict.streaming import Stream

if TYPE_CHECKING:
    from bundle_runtime.worker.predict.predictor import Predictor


def answer(predictor: Predictor, frame: wire.Frame) -> bytes:
    """All frames that answer a BATCH, one after the other."""
    predictor.watch.start()
    fields = {id: wire.unpack_fields(body) for id, body in wire.unpack_batch(frame)}
    try:
        results = call(predictor, list(fields.values()))
    except Failed as failed:
        answers = dict.fromkeys(fields, (wire.ERROR, failed.payload))
    else:
        answers = {id: _answer(predictor, result) for id, result in zip(fields, results)}
    phases = predictor.watch.phases()
    return b"".join(wire.pack(kind, id, payload, phases) for id, (kind, payload) in answers.items())


def call(predictor: Predictor, rows: list[Any]) -> list[Any]:
    """predict_batch's results, exceptions among them; Failed when there are not as many as requests."""
    count = len(rows)  # before the call: user code may change the list
    results = predictor.call_batch(rows, _listed)
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


def one(predictor: Predictor, fields: dict[str, Any]) -> Any:
    """For a request that comes by itself."""
    (result,) = call(predictor, [fields])
    return sound(result)


def _answer(predictor: Predictor, result: Any) -> tuple[int, bytes]:
    try:
        return checked(predictor.encode, sound(result))
    except Failed as failed:
        return wire.ERROR, failed.payload
    except BaseException as error:  # of a class that lies about what it is
        return wire.ERROR, unencodable(error).payload


def sound(result: Any) -> Any:
    """The result; Failed when it is the exception that one request met with."""
    if isinstance(result, BaseException):
        raise failure_of(result)
    return result
