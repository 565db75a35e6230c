"""What a structural schema of a CRD says of a value: the part of OpenAPI that the CRD of ModelBundle uses.

Free-form values are not looked into, and of a list or a mapping that is too long only that is said, so the walk is no
longer than the schema allows. Pure, and Python 3.8+.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Dict, Iterator, List

from bundle_spec.crd_rules import RULES
from bundle_spec.json_path import below

Schema = Dict[str, Any]

_SHOWN = 60
_RULES_KEY = "x-kubernetes-validations"
_TYPES = {"string": "a string", "integer": "a whole number", "boolean": "true or false", "array": "a list"}


def violations(value: Any, schema: Schema, path: str = "") -> List[str]:
    """Each place where the value breaks the schema, with its path and what to do; in the order of the schema.

    A rule over several fields is asked only where each of them is right.
    """
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return [] if "pattern" not in schema else _of_quantity(value, schema, path)
    problem = _of_type(value, schema)
    if problem:
        return [f"{path} {problem}"]
    found = [f"{path} {problem}" for problem in _of_bounds(value, schema)]
    if not found and isinstance(value, Mapping):
        found = list(_of_members(value, schema, path))
    elif not found and isinstance(value, list):
        items = schema.get("items", {})
        found = [line for index, entry in enumerate(value) for line in violations(entry, items, below(path, index))]
    if not found:
        found = [_said(path, rule["message"]) for rule in schema.get(_RULES_KEY, []) if not _keeps(value, rule["rule"])]
    return found


def _of_quantity(value: Any, schema: Schema, path: str) -> List[str]:
    """What can be any value for the API server, and is a number or a text."""
    either = isinstance(value, (str, int, float)) and not isinstance(value, bool)
    if either and (not isinstance(value, str) or (_matches(value, schema) and len(value) <= schema["maxLength"])):
        return [f"{path} {problem}" for problem in _of_bounds(value, schema)]
    return [f'{path} is {_shown(value)}, and must be a quantity such as 2, 0.5, "500m" or "8Gi"']


def _of_type(value: Any, schema: Schema) -> str:
    kind = schema.get("type")
    fits = {
        "string": isinstance(value, str),
        "integer": _is_whole(value),
        "boolean": isinstance(value, bool),
        "array": isinstance(value, list),
        "object": isinstance(value, Mapping),
    }
    if fits[str(kind)]:
        return ""
    wanted = _TYPES.get(str(kind)) or _object(schema)
    quotes = ": put it in quotes" if kind == "string" and isinstance(value, (bool, int, float)) else ""
    return f"is {_shown(value)}, and must be {wanted}{quotes}"


def _object(schema: Schema) -> str:
    names = ", ".join(schema.get("properties", {}))
    return f"an object with the fields {names}" if names else "an object"


def _is_whole(value: Any) -> bool:
    if isinstance(value, float):
        return value.is_integer()
    return isinstance(value, int) and not isinstance(value, bool)


def _of_bounds(value: Any, schema: Schema) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"]:
        yield f"is {_shown(value)}, and must be {' or '.join(schema['enum'])}"
    for kind, least, most, unit in (
        (str, "minLength", "maxLength", "characters"),
        (list, "minItems", "maxItems", "entries"),
        (Mapping, "minProperties", "maxProperties", "fields"),
    ):
        if isinstance(value, kind):
            if len(value) > schema.get(most, len(value)):
                yield f"has {len(value)} {unit}, {schema[most]} are allowed"
            if len(value) < schema.get(least, 0):
                yield f"has {len(value)} {unit}, at least {schema[least]} must be there: leave it out, or fill it in"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield f"is {value}, and must be {schema['minimum']} or more"
        if value > schema.get("maximum", value):
            yield f"is {value}, and must be {schema['maximum']} or less"
    elif isinstance(value, str) and len(value) >= schema.get("minLength", 0) and not _matches(value, schema):
        yield f"is {_shown(value)}, and must match {schema['pattern']}"


def _matches(text: str, schema: Schema) -> bool:
    """As Go's RE2 does, whose $ is the very end and whose \\s is ASCII's."""
    pattern = schema.get("pattern")
    return pattern is None or re.search(re.sub(r"\$$", r"\\Z", pattern), text, re.ASCII) is not None


def _of_members(value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[str]:
    """A null counts as unset, as no field of ours may be null; a field that nobody knows is dropped by the cluster."""
    fields: Dict[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if value.get(name) is None:
            yield f"{below(path, name)} is missing: {_lower(fields[name].get('description', ''))}"
    for name, inner in fields.items():
        if value.get(name) is not None:
            yield from violations(value[name], inner, below(path, name))
    if "additionalProperties" in schema:
        for name, entry in value.items():
            if not isinstance(name, str):
                yield f"{path} has the key {_shown(name)}, which is not a string: put it in quotes"
            else:
                yield from violations(entry, schema["additionalProperties"], below(path, name))


def _keeps(value: Any, rule: str) -> bool:
    return rule not in RULES or RULES[rule](value)


def _said(path: str, message: str) -> str:
    return f"{path}: {message}" if path else message


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:].rstrip(".")


def _shown(value: Any) -> str:
    kind = {bool: "", int: "the number ", float: "the number ", list: "a list", type(None): "null"}.get(type(value), "")
    if isinstance(value, (list, Mapping)) or value is None:
        return kind or "an object"
    text = json.dumps(value, ensure_ascii=True, default=str)
    return kind + (text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
