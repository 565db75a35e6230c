"""A CALL: a request that comes with a head, for protocols other than POST /predict and for requests of a trace.

Imported when the first one comes: most bundles never see one.
"""

from __future__ import annotations

from bundle_runtime.contract import wire
from bundle_runtime.worker.predict.predictor import Answer, Predictor
from bundle_runtime.worker.predict.streaming import Stream
from bundle_runtime.worker.predict.trace import traced


async def run(predictor: Predictor, payload: bytes) -> Answer | Stream:
    """Kind and payload of the frame that answers, or the stream that does; Failed for what has no answer."""
    head, body = wire.unpack_call(payload)
    trace = head.get("trace")
    with traced(trace):
        if head["as"] == "instances":
            # as one list; the first that fails fails them all, as the protocol has no place for both
            return wire.RESPONSE, b"[" + b",".join(await predictor.encoded_instances(wire.unpack_fields(body))) + b"]"
        if head["as"] == "tensors":
            from bundle_runtime.worker.predict import tensors

            return wire.RESPONSE, await tensors.run(predictor, head["tensors"], body)
        answer = await predictor.answer_any(body, whole=bool(head.get("whole")))
    if isinstance(answer, Stream):
        answer.trace = trace
    return answer
