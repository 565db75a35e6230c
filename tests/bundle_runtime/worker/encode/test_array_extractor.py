"""Large float arrays leave the worker as bytes and become the same JSON that the worker would have written."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundle_runtime.contract import wire
from bundle_runtime.server.worker.pieces import assemble
from bundle_runtime.worker.encode import array_extractor
from bundle_runtime.worker.encode.array_extractor import MIN_ARRAY_ELEMENTS, ArrayExtractor
from bundle_runtime.worker.encode.encode import encode
from bundle_runtime.worker.failures import NotJSON

FLOATS = [value / 7 for value in range(MIN_ARRAY_ELEMENTS)]
MATRIX = numpy.array(FLOATS).reshape(2, -1)


def through(value: Any, not_finite: str = "error") -> tuple[bool, Any]:
    """Whether arrays went as bytes, and what the client gets."""
    kind, payload = ArrayExtractor(not_finite).encode(value)
    extracted = kind == wire.PIECES
    return extracted, json.loads(assemble(payload) if extracted else payload)


class Torch:
    """As torch has it: no array of NumPy's, but one can be had."""

    dtype = numpy.dtype("f4")
    shape = MATRIX.shape

    def detach(self) -> Any:
        return self

    def cpu(self) -> Any:
        return self

    def tolist(self) -> Any:
        return MATRIX.astype("f4").tolist()

    def __array__(self, *_: Any, **__: Any) -> Any:
        return MATRIX.astype("f4")


@pytest.mark.parametrize(
    "value",
    [
        numpy.array(FLOATS),
        MATRIX,
        MATRIX.T,
        MATRIX.astype("f4"),
        MATRIX.astype("f2"),
        MATRIX.astype(">f8"),
        Torch(),
        FLOATS,
        [FLOATS, FLOATS],
        {"a": 1, "floats": FLOATS, "é": [MATRIX, {"deep": MATRIX}], "last": "x"},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_goes_as_bytes_is_the_same_json(value: Any) -> None:
    extracted, got = through(value)
    assert extracted
    assert got == json.loads(encode(value))


@pytest.mark.parametrize(
    "value",
    [
        numpy.array(FLOATS[1:]),
        numpy.arange(1000),
        numpy.zeros(1000, bool),
        FLOATS[1:],
        [*FLOATS, 1],
        [*FLOATS, "a"],
        [*FLOATS, True],
        [FLOATS, FLOATS[1:]],
        {1: FLOATS[1:]},
        [],
        {"a": []},
        "text",
        None,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_does_not(value: Any) -> None:
    extracted, got = through(value)
    assert not extracted
    assert got == json.loads(encode(value))


@pytest.mark.parametrize("size", [4, MIN_ARRAY_ELEMENTS])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8"])
def test_masked_elements_are_null_and_what_is_under_them_stays_here(size: int, dtype: str) -> None:
    masked = numpy.ma.masked_array(numpy.arange(size, dtype=dtype), mask=[number % 2 == 1 for number in range(size)])
    assert through({"a": masked})[1] == {"a": [None if number % 2 else number for number in range(size)]}
    assert through(numpy.ma.masked_array(numpy.array(FLOATS), mask=False)) == (True, FLOATS)


def test_keys_that_json_refuses_beside_an_array() -> None:
    value = {numpy.int64(1): MATRIX, "list": FLOATS}
    assert through(value)[1] == json.loads(encode(value))


def test_an_extractor_forgets_what_failed() -> None:
    extractor = ArrayExtractor("error")
    with pytest.raises(NotJSON, match="object at"):
        extractor.encode([MATRIX, object()])
    assert extractor.encode([1]) == (wire.RESPONSE, b"[1]")


def test_more_than_a_server_should_write_stays_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(array_extractor, "MAX_ARRAY_BYTES", MATRIX.nbytes)
    extracted, got = through([MATRIX, MATRIX])
    assert (extracted, got) == (True, [MATRIX.tolist()] * 2)
    assert not through(numpy.concatenate([MATRIX, MATRIX]))[0]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", ["array", "list"])
def test_not_finite_is_refused_with_its_place_or_null(bad: float, place: str) -> None:
    values = [*FLOATS, bad]
    value: Any = {"a": [0, numpy.array(values) if place == "array" else values]}
    with pytest.raises(NotJSON, match=rf"at \$\.a\[1\]\[{MIN_ARRAY_ELEMENTS}\]"):
        ArrayExtractor("error").encode(value)
    assert through(value, "null")[1] == {"a": [0, [*FLOATS, None]]}
    assert through({"a": bad, "b": [bad]}, "null")[1] == {"a": None, "b": [None]}


def test_a_sum_that_overflows_is_no_infinity() -> None:
    assert through([1e308] * MIN_ARRAY_ELEMENTS)[1] == [1e308] * MIN_ARRAY_ELEMENTS
    with numpy.errstate(all="raise"):  # as numpy.seterr() of user code
        assert through(numpy.full(MIN_ARRAY_ELEMENTS, 1e308))[1] == [1e308] * MIN_ARRAY_ELEMENTS


@settings(max_examples=25)
@given(
    st.lists(
        st.floats(allow_nan=False, allow_infinity=False), min_size=MIN_ARRAY_ELEMENTS, max_size=MIN_ARRAY_ELEMENTS + 50
    )
)
def test_any_floats(values: list[float]) -> None:
    assert through({"v": values})[1] == {"v": values}


@pytest.mark.parametrize("head", [{}, {"pieces": 3}, {"pieces": [{"size": 8, "datatype": "FP64", "shape": [2]}]}])
def test_pieces_that_do_not_fit_end_the_connection(head: Any) -> None:
    with pytest.raises(wire.WireError):
        assemble(wire.pack_headed(head, b"12345678"))
