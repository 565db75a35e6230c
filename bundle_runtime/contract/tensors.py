"""Tensors as bytes: little-endian, row major, as the binary extension of the Open Inference Protocol has them.

Server and worker both speak it: the server for what comes and goes as JSON, the worker where the image has no NumPy.
Hence the standard library only, and no Python step for each element where ``array`` knows the type. Python 3.8+.
"""

from __future__ import annotations

import struct
import sys
from array import array
from itertools import chain
from typing import Any, List, Sequence, Tuple

# the datatypes of the protocol that array knows, by its type codes
_CODES = {
    "INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q",
    "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q",
    "FP32": "f", "FP64": "d",
}  # fmt: skip
_SIZES = {**{datatype: array(code).itemsize for datatype, code in _CODES.items()}, "BOOL": 1, "FP16": 2, "BF16": 2}
DATATYPES = (*_SIZES, "BYTES")
FLOATS = ("FP16", "BF16", "FP32", "FP64")
# the upper byte, of either sign, that NaN and infinities have: 7 bits of the exponent, 5 in FP16
_HUGE = {"FP16": b"\x7c\x7d\x7e\x7f\xfc\xfd\xfe\xff"}
_LENGTH = struct.Struct("<I")
_MAX_DIMENSIONS = 64  # as many as NumPy has
_MAX_EMPTY_LISTS = 65536  # a shape of a few bytes could ask for any number


def count(shape: Sequence[int]) -> int:
    number = 1
    for size in shape:
        number *= size
    return number


def pack(datatype: str, values: List[Any]) -> bytes:
    """Elements to bytes; ValueError when one of them is not of that datatype."""
    try:
        if datatype == "BYTES":
            return _pack_texts(values)
        if datatype == "BOOL":
            if not set(values) <= {False, True}:
                raise ValueError("BOOL elements must be true or false")
            return bytes(values)
        if datatype == "FP16":
            return struct.pack("<%de" % len(values), *values)
        if datatype == "BF16":
            return _upper_halves(_little(array("f", values)).tobytes())
        return _little(array(_CODES[datatype], values)).tobytes()
    except (TypeError, OverflowError, struct.error) as error:
        raise ValueError("an element is not a %s: %s" % (datatype, error)) from None


def unpack(datatype: str, data: Any, number: int) -> List[Any]:
    """Bytes to ``number`` elements; of BYTES as ``bytes``. ValueError when there are more or fewer."""
    if datatype == "BYTES":
        return _unpack_texts(data, number)
    expected = number * _SIZES[datatype]
    if len(data) != expected:
        raise ValueError("%d elements of %s are %d bytes, not %d" % (number, datatype, expected, len(data)))
    if datatype == "BOOL":
        return list(map(bool, bytes(data)))
    if datatype == "FP16":
        return list(struct.unpack("<%de" % number, data))
    if datatype == "BF16":
        widened = bytearray(2 * len(data))
        widened[2::4], widened[3::4] = data[0::2], data[1::2]
        datatype, data = "FP32", bytes(widened)
    values = array(_CODES[datatype])
    values.frombytes(data)
    elements: List[Any] = _little(values).tolist()
    return elements


def check_size(datatype: str, data: Any, number: int) -> None:
    """ValueError when ``data`` is not ``number`` elements; nothing is unpacked for it but BYTES."""
    if datatype == "BYTES":
        _unpack_texts(data, number)
    elif len(data) != number * _SIZES[datatype]:
        raise ValueError(
            "%d elements of %s are %d bytes, not %d" % (number, datatype, number * _SIZES[datatype], len(data))
        )


def plainly_finite(datatype: str, data: Any) -> bool:
    """Neither NaN nor infinite by the upper byte of each float alone; False also where one is merely huge."""
    upper = bytes(data)[_SIZES[datatype] - 1 :: _SIZES[datatype]]
    return len(upper.translate(None, _HUGE.get(datatype, b"\x7f\xff"))) == len(upper)


def flat(values: Any, shape: Sequence[int]) -> List[Any]:
    """The elements of JSON data, which may be nested as the shape has it; ValueError when it is not."""
    if not isinstance(values, list):
        values = [values]
    expected = count(shape)
    for size in shape[1:]:
        if not values or not isinstance(values[0], list):
            break
        if any(not isinstance(row, list) or len(row) != size for row in values):
            raise ValueError("nested data does not have the shape %s" % (list(shape),))
        values = list(chain.from_iterable(values))
    if values and isinstance(values[0], list):
        raise ValueError("data is nested deeper than the shape %s" % (list(shape),))
    if len(values) != expected:
        raise ValueError("the shape %s has %d elements, data has %d" % (list(shape), expected, len(values)))
    return list(values)


def nested(values: List[Any], shape: Sequence[int]) -> Any:
    """The inverse: lists in lists; the element itself for the shape []. ValueError when it has no elements, and too
    many places for them."""
    if not shape:
        return values[0]
    if not values:
        if len(shape) > _MAX_DIMENSIONS or count([size or 1 for size in shape]) > _MAX_EMPTY_LISTS:
            raise ValueError("the shape %s is too large for no elements" % (list(shape),))
        return [nested([], shape[1:]) for _ in range(shape[0])] if len(shape) > 1 else []
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)]
    return values


def rectangle(values: Sequence[Any]) -> Tuple[List[int], List[Any]]:
    """Shape and elements of nested lists of one length each; ValueError when they are ragged."""
    _check_depth(values)
    shape = [len(values)]
    while values and isinstance(values[0], (list, tuple)):
        sizes = set(map(len, values)) if set(map(type, values)) <= {list, tuple} else set()
        if len(sizes) != 1:
            raise ValueError("the lists are not all of one length")
        shape.append(sizes.pop())
        values = list(chain.from_iterable(values))
    return shape, list(values)


def _check_depth(values: Any) -> None:
    """A list that holds itself has no end; as all are of one length the way along the first elements shows it."""
    for _ in range(_MAX_DIMENSIONS):
        if not isinstance(values, (list, tuple)) or not values:
            return
        values = values[0]
    raise ValueError("nested too deeply")


def _little(values: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _upper_halves(data: bytes) -> bytes:
    halves = bytearray(len(data) // 2)
    halves[0::2], halves[1::2] = data[2::4], data[3::4]
    return bytes(halves)


def _pack_texts(values: List[Any]) -> bytes:
    parts: List[bytes] = []
    for value in values:
        if not isinstance(value, (str, bytes)):
            raise ValueError("BYTES elements must be strings")  # noqa: TRY004
        content = value.encode("utf-8") if isinstance(value, str) else value
        parts.append(_LENGTH.pack(len(content)))
        parts.append(content)
    return b"".join(parts)


def _unpack_texts(data: Any, number: int) -> List[Any]:
    values: List[Any] = []
    at = 0
    while at < len(data):
        if len(values) == number:
            raise ValueError("BYTES data has more elements than the shape, %d" % number)
        if at + 4 > len(data):
            raise ValueError("BYTES data ends within a length")
        (length,) = _LENGTH.unpack_from(data, at)
        at += 4
        if at + length > len(data):
            raise ValueError("BYTES data ends within an element")
        values.append(bytes(data[at : at + length]))
        at += length
    if len(values) != number:
        raise ValueError("BYTES data has %d elements, the shape %d" % (len(values), number))
    return values
