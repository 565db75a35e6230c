"""Which frame takes a request to the worker: a plain one, or a call that says more than the fields."""

from __future__ import annotations

from typing import TypedDict, cast

from bundle_runtime.contract import wire


class TensorHead(TypedDict):
    """One tensor beside its bytes, in a CALL to the worker and in its response (docs/reference/wire.md)."""

    name: str
    datatype: str  # of the Open Inference Protocol
    shape: list[int]
    form: str  # scalar, array, json, base64 or base64 array: what it is in Python
    size: int  # bytes


# the head of a CALL: what its payload is (fields, instances, tensors), and what else the worker is to know
CallHead = TypedDict(
    "CallHead",
    {
        "as": str,
        "whole": bool,  # what is yielded becomes a list
        "tensors": list[TensorHead],
        "trace": dict[str, str],  # traceparent and tracestate
    },
    total=False,
)

FIELDS: CallHead = {"as": "fields"}  # the fields of one request: without a trace a plain REQUEST does
WHOLE_FIELDS: CallHead = {"as": "fields", "whole": True}  # for a protocol without streams
INSTANCES: CallHead = {"as": "instances"}  # rows of fields


def as_call(head: CallHead, payload: bytes, trace: dict[str, str], *, batches: bool) -> tuple[int, bytes]:
    """Kind and payload of the frame. Calls go alone, so what can be batched is: a batch neither streams nor belongs to
    one trace."""
    if batches and head["as"] == "fields":
        return wire.REQUEST, payload
    if trace:
        head = cast(CallHead, {**head, "trace": trace})
    if head == FIELDS:
        return wire.REQUEST, payload
    return wire.CALL, wire.pack_call(cast(dict[str, object], head), payload)
