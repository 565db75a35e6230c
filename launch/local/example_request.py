"""A request that fits a JSON Schema, for the line to try: what the schema gives (default, examples, enum), else simple
values by type. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Optional

from bundle_spec.json_schema import BRANCHES, resolve

MAX_DEPTH = 8
ANY_VALUE = 1  # of what a schema says nothing
_FORMATS = {
    "date-time": "2026-01-31T12:00:00Z", "date": "2026-01-31", "time": "12:00:00Z", "email": "a@example.com",
    "uri": "https://example.com/a", "uuid": "123e4567-e89b-12d3-a456-426614174000", "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1", "hostname": "example.com", "duration": "P1D",
}  # fmt: skip


def example_request(schema: Any, root: Optional[Any] = None) -> Any:
    """An object for the schema; {} where it says nothing. `root` is the document that its references count from."""
    found = _value(schema, schema if root is None else root, 0)
    return found if isinstance(found, Mapping) else {}


def _value(schema: Any, root: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return ANY_VALUE
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
        if schema.get(name) and not ("properties" in schema or "required" in schema):
            return _value(schema[name][0], root, depth + 1)
    return _by_type(schema, root, depth)


def _by_type(schema: Mapping[str, Any], root: Any, depth: int) -> Any:
    is_object = schema.keys() & {"properties", "required", "additionalProperties", "propertyNames"}
    kind = schema.get("type", "object" if is_object else "array" if "items" in schema else None)
    kind = kind[0] if isinstance(kind, list) and kind else kind
    if kind == "object":
        properties = schema.get("properties") or {}
        wanted = schema.get("required") or list(properties)
        return {name: _value(properties.get(name, {}), root, depth + 1) for name in wanted}
    if kind == "array":
        first = [_value(entry, root, depth + 1) for entry in schema.get("prefixItems") or []]
        more = max(int(schema.get("minItems", 1)) - len(first), 0 if first else 1)
        return first + [_value(schema.get("items", {}), root, depth + 1)] * more
    if kind in ("integer", "number"):
        return _number(schema, kind)
    if kind == "string":
        return _text(schema)
    return {"boolean": True, "null": None}.get(kind, ANY_VALUE)


def _number(schema: Mapping[str, Any], kind: Any) -> Any:
    step = schema.get("multipleOf", 1)
    if "minimum" in schema:
        least = schema["minimum"]
    elif "exclusiveMinimum" in schema:
        least = schema["exclusiveMinimum"] + step
    else:
        least = min(1, schema.get("maximum", 1), schema.get("exclusiveMaximum", 2) - step)
    if "multipleOf" in schema:
        return math.ceil(least / step) * step
    return math.ceil(least) if kind == "integer" else least


def _text(schema: Mapping[str, Any]) -> str:
    found = _FORMATS.get(schema.get("format", ""), "text")
    found += "x" * (int(schema.get("minLength", 0)) - len(found))
    return found[: int(schema.get("maxLength", len(found)))]
