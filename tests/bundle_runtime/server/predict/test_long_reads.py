"""Which bodies a process beside the server reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bundle_runtime.server.predict.long_reads import (
    COMMAS_MAX,
    LARGE_BYTES,
    LARGE_TENSORS_BYTES,
    OBJECTS_MAX,
    TEXTS_MAX,
    VERY_LARGE_BYTES,
    tensors_take_long,
    values_take_long,
)

NUMBERS = list(range(10**9, 10**9 + 2 * COMMAS_MAX))


@pytest.mark.parametrize(
    ("body", "long"),
    [
        (b'{"x":"%b"}' % (b"a" * 2 * LARGE_BYTES), False),
        (b'{"x":"%b"}' % (b"a" * VERY_LARGE_BYTES), True),
        (json.dumps({"x": NUMBERS}).encode(), True),
        (json.dumps({"x": NUMBERS[: COMMAS_MAX // 2]}).encode(), False),
    ],
    ids=["a text", "a very long one", "many numbers", "few numbers"],
)
def test_what_takes_long_is_large_and_has_many_values_or_is_very_large(body: bytes, long: bool) -> None:
    assert len(body) > LARGE_BYTES
    assert values_take_long(body) == long


def inputs(count: int, datatype: str, data: list[Any]) -> tuple[bytes, bytes]:
    tensor = {"datatype": datatype, "shape": [len(data)], "data": data}
    return json.dumps({"inputs": [{"name": f"x{number}", **tensor} for number in range(count)]}).encode(), b""


def binary(datatype: str, data: bytes) -> tuple[bytes, bytes]:
    tensor = {"name": "x", "datatype": datatype, "shape": [1], "parameters": {"binary_data_size": len(data)}}
    return json.dumps({"inputs": [tensor]}).encode(), data


@pytest.mark.parametrize(
    ("parts", "long"),
    [
        (inputs(2 * OBJECTS_MAX, "FP32", [1]), True),
        (inputs(OBJECTS_MAX // 2, "FP32", [1] * 100), False),
        (inputs(1, "FP32", [1] * 2 * TEXTS_MAX), False),
        (inputs(1, "FP32", NUMBERS), True),
        (inputs(1, "BYTES", ["a"] * 2 * TEXTS_MAX), True),
        (binary("BYTES", b"\1\0\0\0a" * TEXTS_MAX), True),
        (binary("BYTES", b"\0\0\1\0" + b"a" * 65536), False),
        (binary("FP32", bytes(LARGE_BYTES)), False),
        (binary("UINT8", b"{,BYTES" * LARGE_BYTES), False),
        (binary("FP32", bytes(VERY_LARGE_BYTES)), True),
    ],
    ids=[
        "inputs",
        "few inputs",
        "numbers",
        "many numbers",
        "texts",
        "short texts",
        "a text",
        "an array",
        "an image that looks like JSON",
        "a large one",
    ],
)
def test_tensors_take_long_when_they_are_many_or_have_many_texts(parts: tuple[bytes, bytes], long: bool) -> None:
    text, rest = parts
    assert len(text + rest) > LARGE_TENSORS_BYTES
    assert tensors_take_long(text + rest, len(text)) == long
