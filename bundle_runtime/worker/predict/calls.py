"""A CALL: a request that comes with a head, for protocols other than POST /predict and for requests of a trace.

Imported when the first one comes: most bundles never see one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bundle_runtime.contract import wire
from bundle_runtime.worker.predict.predictor import Failed
from bundle_runtime.worker.predict.streaming import Stream
from bundle_runtime.worker.predict.trace import traced

if TYPE_CHECKING:
    from bundle_runtime.worker.predict.predictor import Predictor


def run(predictor: Predictor, payload: bytes) -> tuple[int, bytes] | Stream:
    """Kind and payload of the frame that answers, or the stream that does."""
    head, body = wire.unpack_call(payload)
    trace = head.get("trace")
    with traced(trace):
        if head["as"] == "instances":
            return wire.RESPONSE, _instances(predictor, body)
        if head["as"] == "tensors":
            from bundle_runtime.worker.predict import tensors

            return wire.RESPONSE, tensors.run(predictor, head["tensors"], body)
        answer = predictor.predict(body, whole=bool(head.get("whole")))
    if isinstance(answer, Stream):
        answer.trace = trace
    return answer


def _instances(predictor: Predictor, body: memoryview) -> bytes:
    """The predictions as one JSON list; the first that fails fails them all, as the protocol has no place for both."""
    rows = wire.unpack_fields(body)
    if predictor.max_batch:
        return _batched(predictor, rows)
    answers = []
    for index, fields in enumerate(rows):
        try:
            answers.append(predictor.encoded(predictor.call_whole(fields)))
        except Failed as failed:
            raise Failed(failed.code, f"instance {index}: {failed}") from None
    return b"[" + b",".join(answers) + b"]"


def _batched(predictor: Predictor, rows: list[Any]) -> bytes:
    from bundle_runtime.worker.predict import batching

    answers = []
    for at in range(0, len(rows), predictor.max_batch):
        for result in batching.call(predictor, rows[at : at + predictor.max_batch]):
            try:
                answers.append(predictor.encoded(batching.sound(result)))
            except Failed as failed:
                raise Failed(failed.code, f"instance {len(answers)}: {failed}") from None
    return b"[" + b",".join(answers) + b"]"
