"""Whether a dict is a JSON Schema that the server can use: by jsonschema-rs where it is installed, else its outline.

The operator checks the same again; here it is found before anything is uploaded.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from launch.packing.schema_rewriting import MANY, NAMED, ONE, rebuilt

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_KEYWORDS = ONE | MANY | NAMED | {
    "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "const", "contentEncoding", "default",
    "contentMediaType", "dependentRequired", "deprecated", "description", "enum", "examples", "exclusiveMaximum",
    "exclusiveMinimum", "format", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "readOnly", "required", "title",
    "type", "uniqueItems", "writeOnly",
}  # fmt: skip
_LONGEST = 300


def problem(schema: Dict[str, Any]) -> str:
    """What is wrong, to be read after the argument's name; empty when the schema is sound."""
    if not schema:
        return ' is empty, which counts as no schema: {"type": "object"} takes every object'
    dialect = schema.get("$schema", DIALECT)
    if not isinstance(dialect, str) or dialect.rstrip("#") != DIALECT:
        return f".$schema: {dialect!r} is not supported; leave $schema out, or write {DIALECT}"
    if not _KEYWORDS & set(schema):
        return (
            f" is a dict without a keyword of JSON Schema (it has {', '.join(map(str, list(schema)[:10]))}): write "
            '{"type": "object", "properties": {...}}, or give a pydantic model class'
        )
    found = (_library() or _outline)(schema)
    return found if len(found) <= _LONGEST else found[:_LONGEST] + "..."


def _library() -> Optional[Callable[[Dict[str, Any]], str]]:
    try:
        from jsonschema_rs import Draft202012Validator, ValidationError
    except ImportError:
        return None

    def check(schema: Dict[str, Any]) -> str:
        try:
            Draft202012Validator(schema, retriever=_refuse_remote)
        except ValidationError as error:
            steps = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
            return f"{''.join(steps)}: {error.message}"
        return ""

    return check


def _outline(schema: Dict[str, Any]) -> str:
    problems = []

    def check(part: Dict[str, Any]) -> Dict[str, Any]:
        problems.extend(_problems(part, schema))
        return part

    rebuilt(schema, check)
    return f": {problems[0]}" if problems else ""


def _problems(part: Dict[str, Any], schema: Dict[str, Any]) -> "list[str]":
    found = []
    types = part.get("type", [])
    for name in types if isinstance(types, list) else [types]:
        if name not in _TYPES:
            found.append(f"the type {name!r} does not exist; there are {', '.join(_TYPES)}")
    for keyword in sorted((ONE | MANY | NAMED) & set(part)):
        value = part[keyword]
        if keyword in NAMED:
            fits = isinstance(value, dict) and all(isinstance(entry, (dict, bool)) for entry in value.values())
        elif keyword in ONE:
            fits = isinstance(value, (dict, bool))
        else:
            fits = isinstance(value, list) and all(isinstance(entry, (dict, bool)) for entry in value)
        if not fits:
            found.append(f"{keyword} is {value!r}, where a schema must be")
    required = part.get("required", [])
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        found.append(f"required is {required!r}; it must be a list of names")
    if "$ref" in part and not _resolves(part["$ref"], schema):
        found.append(f"$ref {part['$ref']!r} is nowhere in the schema: copy what is referred to into $defs")
    return found


def _resolves(reference: Any, schema: Dict[str, Any]) -> bool:
    if not isinstance(reference, str) or not reference.startswith("#"):
        return False
    place: Any = schema
    for step in reference[1:].split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and step.isdigit() and int(step) < len(place):
            place = place[int(step)]
        elif isinstance(place, dict) and step in place:
            place = place[step]
        else:
            return False
    return True


def _refuse_remote(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched ({uri}): copy what is referred to into $defs")
