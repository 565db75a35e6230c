"""The JSON Schema of a pydantic class, of pydantic 1.10, 2, or pydantic.v1 inside 2; pydantic is never imported for it.

pydantic 1 writes the draft of its time and forgets that an optional field may be null; both are put right here, as the
server holds the model's answers to this schema.
"""

from __future__ import annotations

import sys
from typing import Any, Dict

from bundle_spec.json_schema import rebuilt

_SAYS_NOTHING = ("title", "description", "default", "definitions", "example", "examples")


def is_model(value: Any) -> bool:
    """Whether it is a class of pydantic's BaseModel."""
    return isinstance(value, type) and any(
        base.__name__ == "BaseModel" and base.__module__.partition(".")[0] == "pydantic" for base in value.__mro__[1:]
    )


def schema_of_model(model: Any, mode: str) -> Dict[str, Any]:
    """`mode` is pydantic 2's: validation or serialization. Field names are the aliases, as the worker writes them."""
    if hasattr(model, "model_json_schema"):
        return dict(model.model_json_schema(mode=mode))
    schema = _with_nulls(model, model.schema())
    rewritten: Dict[str, Any] = rebuilt(schema, _tuples)
    return rewritten


def _tuples(schema: Dict[str, Any]) -> Dict[str, Any]:
    """items as a list was renamed prefixItems, and additionalItems items."""
    if not isinstance(schema.get("items"), list):
        return schema
    schema["prefixItems"] = schema.pop("items")
    if "additionalItems" in schema:
        schema["items"] = schema.pop("additionalItems")
    return schema


def _with_nulls(model: Any, schema: Dict[str, Any]) -> Dict[str, Any]:
    root = "pydantic.v1" if any(base.__module__.startswith("pydantic.v1") for base in model.__mro__) else "pydantic"
    pydantic_schema = sys.modules[f"{root}.schema"]
    models = pydantic_schema.get_flat_models_from_model(model)
    names = pydantic_schema.get_model_name_map(models)
    definitions = schema.get("definitions", {})
    for each in models:
        target = definitions.get(names[each]) or (schema if each is model else None)
        if target is None or not is_model(each):  # an enumeration
            continue
        for field in each.__fields__.values():
            if field.name == "__root__":
                said = {key: value for key, value in target.items() if key not in _SAYS_NOTHING}
                about = {key: value for key, value in target.items() if key in _SAYS_NOTHING}
                target.clear()
                target.update({**about, **_nullable(said, field)})
            elif field.alias in target.get("properties", {}):
                target["properties"][field.alias] = _nullable(target["properties"][field.alias], field)
    return schema


def _nullable(schema: Dict[str, Any], field: Any) -> Dict[str, Any]:
    inner = (field.sub_fields or [None])[0]
    for keyword in ("items", "additionalProperties"):
        if inner is not None and isinstance(schema.get(keyword), dict):
            schema[keyword] = _nullable(schema[keyword], inner)
    about = {key: value for key, value in schema.items() if key in _SAYS_NOTHING}
    said = {key: value for key, value in schema.items() if key not in _SAYS_NOTHING}
    if not field.allow_none or not said:
        return schema
    return {**about, "anyOf": [*(said["anyOf"] if list(said) == ["anyOf"] else [said]), {"type": "null"}]}
