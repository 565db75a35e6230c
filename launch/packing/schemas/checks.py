"""Whether a dict is a JSON Schema that the server can use: by jsonschema-rs where it is installed, else its outline.

Operator and prepare check the same again; here it is found before anything is uploaded. The limits come first, so that
no schema holds the author's own Python.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from bundle_spec.json_path import inside
from bundle_spec.json_schema import DIALECT, MANY, NAMED, ONE
from bundle_spec.schema_dialect import DIALECTS, as_compiled, dialect
from bundle_spec.schema_limits import problem as beyond_limits
from launch.packing.schemas.outline import outline

_KEYWORDS = ONE | MANY | NAMED | {
    "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "const", "contentEncoding", "default",
    "contentMediaType", "dependentRequired", "deprecated", "description", "enum", "examples", "exclusiveMaximum",
    "exclusiveMinimum", "format", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum", "minContains",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "readOnly", "required", "title",
    "type", "uniqueItems", "writeOnly",
}  # fmt: skip
_LONGEST = 300
# of jsonschema-rs, also of the old one that Python 3.8 has; in the order of DIALECTS
_VALIDATORS = (
    "Draft4Validator", "Draft6Validator", "Draft7Validator", "Draft201909Validator", "Draft202012Validator",
)  # fmt: skip


def problem(schema: Dict[str, Any]) -> str:
    """What is wrong, to be read after the argument's name; empty when the schema is sound."""
    if not schema:
        return ' is empty, which counts as no schema: {"type": "object"} takes every object'
    limit = beyond_limits(schema)
    if limit:
        return limit
    if not _KEYWORDS & set(schema):
        return (
            f" is a dict without a keyword of JSON Schema (it has {', '.join(map(str, list(schema)[:10]))}): write "
            '{"type": "object", "properties": {...}}, or give a pydantic model class'
        )
    return invalid(schema)


def invalid(schema: Dict[str, Any]) -> str:
    """The same of a schema within the limits, whether or not it says anything: what makes it no JSON Schema."""
    found = (_library() or outline)(schema)
    return found if len(found) <= _LONGEST else found[:_LONGEST] + "..."


def fits(value: Any, schema: Dict[str, Any]) -> bool:
    """Whether the value is what the schema describes; True where there is no library to say so, or it gives up."""
    try:
        from jsonschema_rs import Draft202012Validator

        return bool(Draft202012Validator(schema, retriever=_refuse_remote).is_valid(value))
    except (ImportError, ValueError):
        return True


def _library() -> Optional[Callable[[Dict[str, Any]], str]]:
    try:
        import jsonschema_rs
        from jsonschema_rs import ValidationError
    except ImportError:
        return None

    def check(schema: Dict[str, Any]) -> str:
        try:
            validator = getattr(jsonschema_rs, _VALIDATORS[DIALECTS.index(dialect(schema) or DIALECT)])
            validator(as_compiled(schema), retriever=_refuse_remote)
        except ValidationError as error:
            return f"{inside(error.instance_path)}: {error.message}"
        except ValueError as error:
            return f": {error}"
        return ""

    return check


def _refuse_remote(uri: str) -> Any:
    raise ValueError(f"schemas are not fetched ({uri}): copy what is referred to into $defs")
