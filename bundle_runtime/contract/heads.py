"""The heads that stand before bytes in a frame: what server and worker say of the bytes (docs/reference/wire.md)."""

from __future__ import annotations

from typing import Dict, List, TypedDict


class TensorHead(TypedDict):
    """One tensor of a request or of an answer. ``datatype`` as in contract/tensors.py; ``size``: of its data, in bytes.

    ``form``: "array"; "scalar", of shape [] in JSON; "json" and "base64", what the text in BYTES is; "base64 array".
    """

    name: str
    datatype: str
    shape: List[int]
    form: str
    size: int


# "as" is no name in Python, hence the other syntax
CallHead = TypedDict(
    "CallHead",
    {
        "as": str,  # "fields", "instances" or "tensors"
        "whole": bool,  # of "fields": what is yielded becomes a list
        "tensors": List[TensorHead],  # of "tensors", in the order of their data
        "trace": Dict[str, str],  # the caller's traceparent and tracestate
    },
    total=False,
)


class TensorsHead(TypedDict):
    """Of the answer to a call of tensors. ``single``: the prediction is one value, not an object of them."""

    single: bool
    outputs: List[TensorHead]


class _Piece(TypedDict):
    size: int


class Piece(_Piece, total=False):
    """Of PIECES: ``size`` bytes of JSON text; with a datatype and a shape, of an array in the place of its numbers."""

    datatype: str
    shape: List[int]


class PiecesHead(TypedDict):
    """In the order of the bytes: text and arrays, beginning and ending with text."""

    pieces: List[Piece]
