"""Large arrays of floats on their way to JSON: as bytes to the server, which writes the numbers.

Python's json spends about a microsecond on each float, in the user's interpreter; the server's library a fraction of
that. So the text goes in pieces, and in the place of each such array go its bytes (docs/reference/wire.md, ``pieces``).
"""

from __future__ import annotations

import math
import os
import re
from array import array
from typing import Any

from bundle_runtime.contract import tensors, wire
from bundle_runtime.contract.heads import Piece, PiecesHead
from bundle_runtime.worker.encode.arrays import as_numpy, holds_masked, is_array, little_endian
from bundle_runtime.worker.encode.encode import convert, encode, encoder

MIN_ARRAY_ELEMENTS = 256  # elements; below it the bookkeeping costs more than it saves
MAX_ARRAY_BYTES = 8 * 1024 * 1024  # beyond it the server would keep its other clients waiting
_DATATYPES = {2: "FP16", 4: "FP32", 8: "FP64"}
_MARK = "modelbundle:" + os.urandom(12).hex()  # what no prediction holds by accident
_MARKED = re.compile(b'"%b:([0-9]+)"' % _MARK.encode())


class ArrayExtractor:
    """For one thread: encodes a prediction, and takes large arrays of floats out of the text."""

    __slots__ = ("_arrays", "_encoder", "_not_finite", "_size")

    def __init__(self, not_finite: str) -> None:
        self._not_finite = not_finite
        self._encoder = encoder(self._default)
        self._arrays: list[tuple[str, list[int], bytes]] = []
        self._size = 0

    def encode(self, value: Any) -> tuple[int, bytes]:
        """Kind and payload of the frame that answers; NotJSON as encode() has it."""
        kind = type(value)
        if kind is list:
            value = self._list(value)
        elif kind is dict:
            for entry in value.values():
                if type(entry) is list and len(entry) >= 2:
                    value = {name: self._list(entry) for name, entry in value.items()}
                    break
        try:
            try:
                text = self._encoder.encode(value).encode("utf-8")
            except (TypeError, ValueError, RecursionError):  # it says what is wrong, or has another way
                text = encode(value, self._encoder, self._not_finite)
            if not self._arrays:
                return wire.RESPONSE, text
            return self._pieces(text)
        finally:
            if self._arrays:
                self._arrays = []
                self._size = 0

    def _default(self, value: Any) -> Any:
        """What json asks of a value that it does not know."""
        if is_array(value) and callable(getattr(value, "tolist", None)) and not holds_masked(value):
            found = as_numpy(value)
            dtype = getattr(found, "dtype", None)
            if (
                dtype is not None
                and dtype.kind == "f"
                and dtype.itemsize in _DATATYPES
                and found.size >= MIN_ARRAY_ELEMENTS
                and self._fits(found.nbytes)
                and (self._not_finite == "null" or _has_finite_sum(found))
            ):
                return self._extracted(_DATATYPES[dtype.itemsize], list(found.shape), little_endian(found))
        return convert(value)

    def _list(self, value: Any) -> Any:
        """The list, or the mark of it when it is one of floats, or of lists of as many floats each."""
        if type(value) is not list or not value or type(value[0]) not in (float, list):
            return value
        try:
            shape, elements = tensors.rectangle(value)
        except ValueError:
            return value
        if (
            len(elements) < MIN_ARRAY_ELEMENTS
            or set(map(type, elements)) != {float}
            or not self._fits(8 * len(elements))
        ):
            return value
        if self._not_finite != "null" and not math.isfinite(sum(elements)):
            return value  # encode() finds the place; a sum that overflows only costs time
        return self._extracted("FP64", shape, array("d", elements).tobytes())

    def _fits(self, size: int) -> bool:
        return self._size + size <= MAX_ARRAY_BYTES

    def _extracted(self, datatype: str, shape: list[int], data: bytes) -> str:
        self._size += len(data)
        self._arrays.append((datatype, shape, data))
        return f"{_MARK}:{len(self._arrays) - 1}"

    def _pieces(self, text: bytes) -> tuple[int, bytes]:
        pieces: list[Piece] = []
        parts: list[bytes] = []
        for index, piece in enumerate(_MARKED.split(text)):  # text and numbers of arrays in turn
            if index % 2 == 0:
                pieces.append({"size": len(piece)})
                parts.append(piece)
            else:
                datatype, shape, data = self._arrays[int(piece)]
                pieces.append({"size": len(data), "datatype": datatype, "shape": shape})
                parts.append(data)
        head: PiecesHead = {"pieces": pieces}
        return wire.PIECES, wire.pack_headed(head, b"".join(parts))


def _has_finite_sum(found: Any) -> bool:
    try:
        return math.isfinite(float(found.sum(dtype="f8")))
    except (ArithmeticError, Warning):  # as numpy.seterr() or the filter of warnings says
        return False
