"""A JSON Schema that means the same and comes back from the cluster as it was: without null, and with 1 for 1.0. Pure.

A null is dropped where it is a remark (default, examples); in const and enum it is said with {"type": "null"}.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List

from bundle_spec.exact_values import LARGEST_INTEGER, check_survives
from bundle_spec.json_schema import rebuilt

_REMARKS = ("default", "example", "examples")


def surviving(schema: Mapping[str, Any]) -> Dict[str, Any]:
    """A copy that passes check_survives, unless it holds what has no other way to be said."""
    copy: Dict[str, Any] = rebuilt(_whole(schema), _without_null)
    return copy


def _whole(value: Any) -> Any:
    if isinstance(value, float) and abs(value) <= LARGEST_INTEGER and value == int(value):
        return int(value)
    if isinstance(value, Mapping):
        return {name: _whole(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_whole(entry) for entry in value]
    return value


def _without_null(schema: Dict[str, Any]) -> Dict[str, Any]:
    if isinstance(schema.get("examples"), list):
        schema["examples"] = [example for example in schema["examples"] if _survives(example)]
    for remark in _REMARKS:
        if remark in schema and not _survives(schema[remark]):
            del schema[remark]
    if "const" in schema and not _survives(schema["const"]):
        schema = _and(schema, _equal(schema.pop("const")))
    if isinstance(schema.get("enum"), list) and not _survives(schema["enum"]):
        values = schema.pop("enum")
        kept = [value for value in values if _survives(value)]
        choices = ([{"enum": kept}] if kept else []) + [_equal(value) for value in values if not _survives(value)]
        schema = _and(schema, choices[0] if len(choices) == 1 else {"anyOf": choices})
    return schema


def _equal(value: Any) -> Dict[str, Any]:
    """What only `value` matches, said without null."""
    if value is None:
        return {"type": "null"}
    if isinstance(value, list) and not _survives(value):
        parts: List[Dict[str, Any]] = [_equal(entry) for entry in value]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "maxItems": len(parts)}
    if isinstance(value, Mapping) and not _survives(value):
        properties = {name: _equal(entry) for name, entry in value.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {"const": value}


def _and(schema: Dict[str, Any], other: Dict[str, Any]) -> Dict[str, Any]:
    if all(schema.get(key, value) == value for key, value in other.items()):
        return {**schema, **other}
    return {**schema, "allOf": [*schema.get("allOf", []), other]}


def _survives(value: Any) -> bool:
    try:
        check_survives(value)
    except ValueError:
        return False
    return True
