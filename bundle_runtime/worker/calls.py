"""A CALL: a request that comes with a head, for protocols other than POST /predict and for requests of a trace.

Imported when the first one comes: most bundles never see one.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import TYPE_CHECKING, Any, Iterator

from bundle_runtime import wire
from bundle_runtime.worker.predict import Failed, scan

if TYPE_CHECKING:
    from bundle_runtime.worker.predict import Predictor


def run(predictor: Predictor, payload: bytes) -> tuple[int, bytes]:
    """Kind and payload of the frame that answers."""
    head, body = wire.unpack_headed(payload)
    with _trace(head.get("trace")):
        if head["as"] == "instances":
            return wire.RESPONSE, _instances(predictor, bytes(body))
        if head["as"] == "tensors":
            from bundle_runtime.worker import tensor_calls

            return wire.RESPONSE, tensor_calls.run(predictor, head["tensors"], body)
        return predictor.predict(bytes(body))


def _instances(predictor: Predictor, body: bytes) -> bytes:
    """The predictions as one JSON list; the first that fails fails them all, as the protocol has no place for both."""
    answers = []
    for index, fields in enumerate(scan(str(body, "utf-8"))):
        try:
            answers.append(predictor.encoded(predictor.call(fields)))
        except Failed as failed:
            raise Failed(failed.code, f"instance {index}: {failed}") from None
    return b"[" + b",".join(answers) + b"]"


@contextlib.contextmanager
def _trace(carrier: dict[str, Any] | None) -> Iterator[None]:
    """For the user's OpenTelemetry, where user code has imported it: what it starts becomes part of the trace."""
    if not carrier or "opentelemetry" not in sys.modules:
        yield
        return
    try:
        context = importlib.import_module("opentelemetry.context")
        propagate = importlib.import_module("opentelemetry.propagate")
    except ImportError:
        yield
        return
    token = context.attach(propagate.extract(carrier))
    try:
        yield
    finally:
        context.detach(token)
