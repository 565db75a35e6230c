"""Tensors as bytes: what the protocol's binary extension says, against NumPy where NumPy has the type."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.contract import tensors
from bundle_runtime.worker.predict.tensors import _DTYPES

EXAMPLES: dict[str, list[Any]] = {
    "BOOL": [True, False],
    "UINT8": [0, 255],
    "UINT16": [0, 65535],
    "UINT32": [0, 2**32 - 1],
    "UINT64": [0, 2**64 - 1],
    "INT8": [-128, 127],
    "INT16": [-(2**15), 2**15 - 1],
    "INT32": [-(2**31), 2**31 - 1],
    "INT64": [-(2**63), 2**63 - 1],
    "FP16": [0.5, -2.0],
    "BF16": [1.5, -2.0],
    "FP32": [0.25, -(2.0**100)],
    "FP64": [0.1, -1e300],
    "BYTES": ["", "é", "abc"],
}


def test_every_datatype_has_an_example() -> None:
    assert set(EXAMPLES) == set(tensors.DATATYPES)


@pytest.mark.parametrize("datatype", EXAMPLES)
def test_elements_come_back(datatype: str) -> None:
    values = EXAMPLES[datatype]
    data = tensors.pack(datatype, values)
    back = tensors.unpack(datatype, memoryview(data), len(values))
    assert back == ([value.encode() for value in values] if datatype == "BYTES" else values)
    tensors.check_size(datatype, data, len(values))


@pytest.mark.parametrize("datatype", _DTYPES)
def test_the_bytes_are_those_of_numpy(datatype: str) -> None:
    values = EXAMPLES[datatype]
    assert tensors.pack(datatype, values) == numpy.array(values, _DTYPES[datatype]).tobytes()


def test_the_upper_half_of_a_float_is_a_bfloat() -> None:
    assert tensors.pack("BF16", [1.0]) == b"\x80\x3f"


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        ("INT8", [128]),
        ("UINT8", [-1]),
        ("INT64", [2**63]),
        ("INT32", [1.5]),
        ("FP32", ["1"]),
        ("FP16", [1e9]),
        ("BOOL", [2]),
        ("BOOL", ["x"]),
        ("BYTES", [1]),
        ("FP64", [[1.0]]),
        ("FP64", [None]),
        ("BOOL", [[True]]),
    ],
)
def test_an_element_of_another_type_is_refused(datatype: str, values: list[Any]) -> None:
    with pytest.raises(ValueError, match="element"):
        tensors.pack(datatype, values)


@pytest.mark.parametrize(
    ("datatype", "data", "number"),
    [
        ("FP32", b"1234567", 2),
        ("INT64", b"", 1),
        ("BYTES", b"\x01\x00\x00", 1),
        ("BYTES", b"\x05\x00\x00\x00abcd", 1),
        ("BYTES", b"\x01\x00\x00\x00a", 2),
    ],
)
def test_bytes_that_are_not_that_many_elements(datatype: str, data: bytes, number: int) -> None:
    with pytest.raises(ValueError, match=r"bytes|data"):
        tensors.unpack(datatype, data, number)
    with pytest.raises(ValueError, match=r"bytes|data"):
        tensors.check_size(datatype, data, number)


@given(st.lists(st.integers(0, 3), max_size=4))
def test_nesting_is_that_of_numpy(shape: list[int]) -> None:
    array = numpy.arange(tensors.count(shape)).reshape(shape)
    values = array.ravel().tolist()
    assert tensors.nested(values, shape) == array.tolist()
    assert tensors.flat(values, shape) == values
    assert tensors.flat(array.tolist(), shape) == values
    if shape and 0 not in shape:
        assert tensors.rectangle(array.tolist()) == (shape, values)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([1, 2, 3], [2]),
        ([[1, 2], [3]], [2, 2]),
        ([[1, 2], 3, 4], [2, 2]),
        ([[[1], [2]]], [1, 2]),
        ([[1, 2], [3, 4]], [4]),
        ([], []),
    ],
)
def test_data_that_does_not_have_its_shape(values: Any, shape: list[int]) -> None:
    with pytest.raises(ValueError, match="shape"):
        tensors.flat(values, shape)


@pytest.mark.parametrize("values", [[[1], [2, 3]], [[1], 2], [["a"], "b"], [[[1]], [2]]])
def test_ragged_lists_are_no_rectangle(values: Any) -> None:
    with pytest.raises(ValueError, match="one length"):
        tensors.rectangle(values)


@pytest.mark.parametrize("shape", [[2**32, 0], [1000, 1000, 0], [1] * 100 + [0]], ids=str)
def test_a_shape_without_elements_cannot_ask_for_any_number_of_lists(shape: list[int]) -> None:
    with pytest.raises(ValueError, match="too large for no elements"):
        tensors.nested([], shape)
