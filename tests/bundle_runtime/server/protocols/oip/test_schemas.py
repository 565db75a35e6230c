"""What a schema says about tensors, row by row."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_runtime.server.protocols.oip.schemas import Tensor, describe, fields

INT = {"type": "integer"}
STR = {"type": "string"}


@pytest.mark.parametrize(
    ("schema", "tensor"),
    [
        (INT, ("INT64", (1,), "scalar")),
        ({"type": "number"}, ("FP64", (1,), "scalar")),
        ({"type": "boolean"}, ("BOOL", (1,), "scalar")),
        (STR, ("BYTES", (1,), "scalar")),
        ({"const": "single"}, ("BYTES", (1,), "scalar")),
        ({"enum": [1, 2, None]}, ("INT64", (1,), "scalar")),
        ({"type": ["integer", "null"]}, ("INT64", (1,), "scalar")),
        ({"anyOf": [INT, {"type": "null"}]}, ("INT64", (1,), "scalar")),
        ({"anyOf": [INT, {"type": "number"}]}, ("FP64", (1,), "scalar")),
        ({"type": "array", "items": INT}, ("INT64", (-1,), "array")),
        ({"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, ("FP64", (-1, -1), "array")),
        ({"type": "array", "items": STR}, ("BYTES", (-1,), "array")),
        ({"type": "array"}, ("FP64", (-1,), "array")),
        ({"anyOf": [INT, {"type": "array", "items": INT}]}, ("INT64", (-1,), "array")),
        ({"type": "array", "items": {"type": "object"}}, ("BYTES", (1,), "json")),
        ({"type": "array", "prefixItems": [INT, STR]}, ("BYTES", (1,), "json")),
        ({"type": "object"}, ("BYTES", (1,), "json")),
        ({"anyOf": [INT, STR]}, ("BYTES", (1,), "json")),
        ({"enum": [1, "a"]}, ("BYTES", (1,), "json")),
        ({"type": ["integer", "string"]}, ("BYTES", (1,), "json")),
        ({}, ("BYTES", (1,), "json")),
        (True, ("BYTES", (1,), "json")),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": INT}}, ("INT64", (1,), "scalar")),
        ({"$ref": "#"}, ("BYTES", (1,), "json")),
        ({"$ref": "#/nowhere"}, ("BYTES", (1,), "json")),
    ],
)
def test_a_schema_and_its_tensor(schema: Any, tensor: tuple[Any, ...]) -> None:
    assert describe(schema, schema) == Tensor(*tensor)


def test_the_fields_of_all_branches() -> None:
    schema = {
        "oneOf": [
            {"type": "object", "properties": {"kind": {"const": "single"}, "x": INT, "same": STR}},
            {"$ref": "#/$defs/Batched"},
        ],
        "$defs": {"Batched": {"properties": {"x": {"type": "array", "items": INT}, "same": STR}}},
    }
    assert fields(schema) == {
        "kind": ("BYTES", (1,), "scalar"),
        "x": ("INT64", (-1,), "array"),
        "same": ("BYTES", (1,), "scalar"),
    }


@pytest.mark.parametrize("schema", [None, True, {}, INT, {"type": "object"}, {"properties": 3}])
def test_a_schema_without_fields(schema: Any) -> None:
    assert fields(schema) is None


def test_a_schema_that_holds_itself_ends() -> None:
    tree: dict[str, Any] = {"type": "array", "items": {"$ref": "#"}}
    assert describe(tree, tree).form == "json"
