"""What a bundle's JSON Schemas say about tensors: the metadata of a model's inputs and outputs, and which of them are
scalars in Python. Pure.

| schema of a field | datatype | shape | in Python |
|---|---|---|---|
| integer, number, boolean, string | INT64, FP64, BOOL, BYTES | [1] | a scalar |
| array of these, of arrays of these | the elements' | one -1 for each level | an array |
| anything else | BYTES | [1] | what its one element says as JSON text |
"""

from __future__ import annotations

from typing import Any, NamedTuple

from bundle_spec.json_schema import branches

_SCALARS = {"integer": "INT64", "number": "FP64", "boolean": "BOOL", "string": "BYTES"}
_TYPES = {int: "integer", float: "number", bool: "boolean", str: "string"}
_DEEPEST = 8


class Tensor(NamedTuple):
    """What a schema says of one input or output; -1 in the shape is any size."""

    datatype: str
    shape: tuple[int, ...]
    form: str  # scalar, array, json


JSON_TEXT = Tensor("BYTES", (1,), "json")
_UNKNOWN_ELEMENT = Tensor("FP64", (1,), "scalar")


def fields(schema: Any) -> dict[str, Tensor] | None:
    """The tensors of an object's properties, through $ref, anyOf, oneOf and allOf; None when it describes no object.
    Where branches disagree about a field it is what the request makes of it: an array, and a scalar of the shape []."""
    found: dict[str, Tensor] = {}
    for node in branches(schema, schema):
        properties = node.get("properties")
        if isinstance(properties, dict):
            for name, field in properties.items():
                tensor = describe(field, schema)
                known = found.setdefault(name, tensor)
                if known != tensor:
                    found[name] = _either(known, tensor)
    return found or None


def describe(schema: Any, root: Any, depth: int = 0) -> Tensor:
    """The tensor of one field; ``root`` is the schema that its references lead into."""
    nodes = [node for node in branches(schema, root) if node.get("type") != "null"]
    kinds = [kind for kind in (_node(node, root, depth) for node in nodes) if kind is not None]
    if not kinds:
        return JSON_TEXT
    found = kinds[0]
    for kind in kinds[1:]:
        if kind != found:
            found = _either(found, kind)
    return found


def _either(one: Tensor, other: Tensor) -> Tensor:
    if "json" in (one.form, other.form):
        return JSON_TEXT
    datatype = one.datatype if one.datatype == other.datatype else "FP64"
    if {one.datatype, other.datatype} - {"INT64", "FP64"} and one.datatype != other.datatype:
        return JSON_TEXT
    if one.form == other.form == "scalar":
        return Tensor(datatype, (1,), "scalar")
    return Tensor(datatype, max(one.shape, other.shape, key=len) if one.form == other.form else (-1,), "array")


def _node(node: dict[str, Any], root: Any, depth: int) -> Tensor | None:
    """None when this node alone says nothing about the type."""
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((entry for entry in kind if entry != "null"), None) if len(set(kind) - {"null"}) == 1 else "object"
    if kind is None and ("const" in node or "enum" in node):
        values = [node["const"]] if "const" in node else list(node["enum"])
        kinds = {_TYPES.get(type(value), "object") for value in values if value is not None}
        kind = kinds.pop() if len(kinds) == 1 else "object"
    if kind in _SCALARS:
        return Tensor(_SCALARS[kind], (1,), "scalar")
    if kind == "array":
        items = node.get("items")
        if depth == _DEEPEST or node.get("prefixItems") or isinstance(items, list):
            return JSON_TEXT
        element = describe(items, root, depth + 1) if isinstance(items, dict) and items else _UNKNOWN_ELEMENT
        if element.form == "json":
            return JSON_TEXT
        return Tensor(element.datatype, (-1, *(element.shape if element.form == "array" else ())), "array")
    return JSON_TEXT if kind is not None else None
