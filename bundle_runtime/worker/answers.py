"""The frames that answer a request: of a plain one, of a CALL, of a BATCH."""

from __future__ import annotations

import contextlib
import os

from bundle_runtime.contract import wire
from bundle_runtime.worker.connection.connection import Connection
from bundle_runtime.worker.failures import Failed, too_large, unreadable
from bundle_runtime.worker.predict.predictor import Answer, Predictor
from bundle_runtime.worker.predict.streaming import Stream
from bundle_runtime.worker.timing import Stopwatch
from bundle_runtime.worker.user_errors import full, log


def framed(watch: Stopwatch, id: int, answer: Answer | Stream) -> bytes | Stream:
    """The whole frame; a stream sends its own."""
    if type(answer) is not tuple:
        return answer  # type: ignore[return-value]
    kind, payload = answer
    if len(payload) > wire.MAX_BODY:
        kind, payload = wire.ERROR, too_large(len(payload)).payload
    return wire.pack_header(kind, id, len(payload), watch.phases()) + payload


async def of_frame(predictor: Predictor, frame: wire.Frame) -> bytes | Stream:
    """For a CALL, or for a BATCH: all frames that answer it, one after the other."""
    watch = predictor.watch
    if frame.kind == wire.BATCH:
        requests = dict(wire.unpack_batch(frame))
        answers = await predictor.answer_batch(list(requests.values()))
        phases = watch.phases()
        return b"".join(wire.pack(kind, id, payload, phases) for id, (kind, payload) in zip(requests, answers))
    from bundle_runtime.worker.predict import calls  # only when the first one comes

    try:
        return framed(watch, frame.id, await calls.run(predictor, frame.payload))
    except Failed as failed:
        return framed(watch, frame.id, (wire.ERROR, failed.payload))


def failed(request: bytes | wire.Frame | None, id: int, failure: Failed) -> bytes:
    """The frames that end a request, or each one of a BATCH; ``id``: as the link has it."""
    return b"".join(wire.pack(wire.ERROR, each, failure.payload) for each in _ids(request, id))


def _ids(request: bytes | wire.Frame | None, id: int) -> list[int]:
    if not isinstance(request, wire.Frame):
        return [id]
    if request.kind == wire.BATCH:
        with contextlib.suppress(wire.WireError):
            return [each for each, _ in wire.unpack_batch(request)]
    return [request.id]


def say_failed(connection: Connection, request: bytes | wire.Frame | None, id: int, error: BaseException) -> None:
    """Of a request that the worker cannot read or answer. Where user code has broken what that needs the worker ends:
    a request without an answer would hold its place for good."""
    try:
        connection.send(failed(request, id, unreadable(error)))
    except BaseException as another:
        log(f"worker: cannot say that a request has failed: {full(another)}")
        os._exit(1)
