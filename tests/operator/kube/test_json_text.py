"""A value comes back as it went in, also one that the quick library refuses."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube.json_text import dumps, loads

VALUES: list[Any] = [
    {"a": [[], {}, "é", "", 1.5, 1.0, -0.0, None, True]},
    2**70,
    -(2**63) - 1,
    "\ud800",
    {"\udfff": "\u2028<>&"},
    "\U0001f600",
]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    assert repr(loads(dumps(value))) == repr(value)


@pytest.mark.parametrize(("text", "value"), [(b"1e400", float("inf")), (b'"\\ud800\\u0041"', "\ud800A")])
def test_what_the_quick_library_refuses_is_read_all_the_same(text: bytes, value: Any) -> None:
    assert loads(text) == value


@pytest.mark.parametrize("text", [b"", b"{", b"<html>", b'{"a":}'])
def test_what_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        loads(text)


def test_a_text_that_is_too_deep_says_so() -> None:
    with pytest.raises(RecursionError):
        loads(b"[" * 100_000 + b"]" * 100_000)
