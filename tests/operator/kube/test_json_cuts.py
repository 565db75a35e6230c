"""Text is cut as a JSON parser would have it, without its recursion."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from modelbundle_operator.kube.json_cuts import depth_of, entries, members

TEXT = st.text(alphabet='ab"\\[]{},:é\u2028', max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=20,
)
SEPARATORS = st.sampled_from([None, (",", ":")])
few = settings(max_examples=200, deadline=None)


def depth(value: Any) -> int:
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if below is None else 1 + max(map(depth, below), default=0)


@few
@given(VALUES, SEPARATORS)
def test_depth_is_that_of_the_value(value: Any, separators: tuple[str, str] | None) -> None:
    assert depth_of(json.dumps(value, separators=separators).encode()) == depth(value)


@few
@given(st.dictionaries(TEXT, VALUES, max_size=5), SEPARATORS)
def test_members_are_those_of_the_object(value: dict[str, Any], separators: tuple[str, str] | None) -> None:
    found = members(json.dumps(value, separators=separators).encode())
    assert {name: json.loads(text) for name, text in found.items()} == value


@few
@given(st.lists(st.dictionaries(TEXT, VALUES, max_size=4).map(lambda more: {"a": "", **more}), max_size=4), SEPARATORS)
def test_entries_are_those_of_the_list(value: list[Any], separators: tuple[str, str] | None) -> None:
    assert [json.loads(text) for text in entries(json.dumps(value, separators=separators).encode())] == value


@pytest.mark.parametrize("levels", [100_000])
def test_no_depth_is_too_much(levels: int) -> None:
    deep = b"[" * levels + b"]" * levels
    assert depth_of(deep) == levels
    assert members(b'{"a":%s,"b":1}' % deep) == {"a": deep, "b": b"1"}
    assert entries(b'[{"a":%s},{"b":1}]' % deep) == [b'{"a":%s}' % deep, b'{"b":1}']
