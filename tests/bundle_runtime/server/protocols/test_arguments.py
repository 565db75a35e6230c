"""The argument that a value without a name is."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_runtime.server.protocols.arguments import OneArgument, one_argument

X = {"properties": {"x": {"type": "integer"}}}
XY = {"properties": {"x": {}, "y": {}}}


@pytest.mark.parametrize(
    ("schema", "fields", "found"),
    [
        (None, {"takes": ["x"], "needs": ["x"]}, OneArgument("x", True)),
        (None, {"takes": ["x"], "needs": []}, OneArgument("x", True)),
        (None, {"takes": ["scale", "x"], "needs": ["x"]}, OneArgument("x", False)),
        (None, {"needs": ["x"]}, OneArgument("x", False)),  # and **others
        (None, {"takes": ["x", "y"], "needs": ["x", "y"]}, OneArgument(None, False)),
        (None, {"takes": [], "needs": []}, OneArgument(None, False)),
        (None, {"needs": []}, OneArgument(None, False)),
        (None, {}, OneArgument(None, False)),  # predict_batch
        (X, {}, OneArgument("x", False)),
        (X, {"takes": ["x"], "needs": ["x"]}, OneArgument("x", True)),
        (XY, {"takes": ["x", "y"], "needs": ["x"]}, OneArgument("x", False)),
        (XY, {"takes": ["x", "y"], "needs": []}, OneArgument(None, False)),
        (True, {"takes": ["x"], "needs": ["x"]}, OneArgument("x", True)),
        ({"properties": None}, {}, OneArgument(None, False)),
    ],
)
def test_by_the_schema_and_the_function(schema: Any, fields: dict[str, list[str]], found: OneArgument) -> None:
    assert one_argument(schema, fields) == found


@pytest.mark.parametrize(
    ("value", "alone", "among_others"),
    [({"x": 1}, True, True), ({"x": 1, "y": 2}, True, True), ({"y": 2}, False, True), ({}, True, True)]
    + [(bare, False, False) for bare in (1, None, "x", ["x"])],
)
def test_which_values_are_fields(value: Any, alone: bool, among_others: bool) -> None:
    assert OneArgument("x", True).names_itself(value) is alone
    assert OneArgument("x", False).names_itself(value) is among_others
