"""A request that fits a JSON Schema, for the line to try: what the schema gives (default, examples, enum), else simple
values by type. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bundle_spec.json_schema import BRANCHES, resolve

MAX_DEPTH = 8


def example_request(schema: Any) -> Any:
    """A value for the schema; {} where it says nothing."""
    return _value(schema if isinstance(schema, Mapping) else {}, schema, 0)


def _value(schema: Any, root: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return {}
    if "$ref" in schema:
        found = resolve(root, schema["$ref"])
        return _value(found.value if found else {}, root, depth + 1)
    for name in ("const", "default"):
        if name in schema:
            return schema[name]
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    for name in BRANCHES:
        if schema.get(name):
            return _value(schema[name][0], root, depth + 1)
    return _by_type(schema, root, depth)


def _by_type(schema: Mapping[str, Any], root: Any, depth: int) -> Any:
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties") or {}
        wanted = schema.get("required") or list(properties)
        return {name: _value(properties.get(name, {}), root, depth + 1) for name in wanted}
    if kind == "array":
        return [_value(schema.get("items", {}), root, depth + 1)] * max(1, int(schema.get("minItems", 1)))
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"string": "text", "boolean": True, "null": None}.get(kind, {})
