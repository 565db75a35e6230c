"""The signature of a model of MLflow as the schemas of a bundle. Pure.

A request is one row: the columns, or the tensors, of the inputs by their names, without the first dimension, which
counts rows. What has no name is called `inputs`. So the server can put many requests into one call of the model.
`served.py` makes the model's inputs of such rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from launch.packing.mlflow.refused import refused

UNNAMED, PARAMS = "inputs", "params"
_INTEGERS = {"integer": 32, "int8": 8, "int16": 16, "int32": 32}
_TEXT = {"type": "string"}
_WHEN = {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]}
_SIMPLE: Dict[str, Dict[str, Any]] = {
    "boolean": {"type": "boolean"}, "bool": {"type": "boolean"},
    "integer": {"type": "integer"}, "long": {"type": "integer"},
    "float": {"type": "number"}, "double": {"type": "number"},
    "string": _TEXT, "str": _TEXT, "binary": {"type": "string", "contentEncoding": "base64"}, "datetime": _WHEN,
    "any": {}, "sparkml_vector": {"type": "array", "items": {"type": "number"}},
}  # fmt: skip
_ANY = {"type": ["null", "boolean", "object", "array", "number", "string"]}  # {} would be no schema at all
# a column of these may have no value, as MLflow reads null in it: NaN, None or NaT
_MAY_BE_NULL = ("float", "double", "string", "datetime")


class Schemas(NamedTuple):
    """Both are None where the model has no signature; `by_rows` says that a request is one row of the inputs."""

    request: Optional[Dict[str, Any]]
    response: Optional[Dict[str, Any]]
    by_rows: bool


def schemas_of(signature: Mapping[str, Any], where: object) -> Schemas:
    """The schemas of the lists `inputs`, `outputs` and `params`; `where` is the file that they stand in."""
    inputs, outputs, params = (signature.get(name) for name in ("inputs", "outputs", "params"))
    if not inputs:
        return Schemas(None, None, False)
    try:
        by_rows = counts_rows(inputs)
        request = _request(inputs, params or [], by_rows)
        return Schemas(request, _response(outputs or [], by_rows), by_rows)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        said = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise refused(f"the signature cannot be read: {said}", where, "save the model with a signature") from None


def counts_rows(inputs: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the first dimension of all inputs counts rows: of columns always, of tensors where it is open."""
    return all(entry["type"] != "tensor" or list(entry["tensor-spec"]["shape"])[:1] == [-1] for entry in inputs)


def _request(inputs: Sequence[Mapping[str, Any]], params: Sequence[Mapping[str, Any]], by_rows: bool) -> Dict[str, Any]:
    if inputs[0].get("name") is None:
        properties = {UNNAMED: _together(inputs, lambda entry: _input(entry, by_rows))}
        required = [UNNAMED]
    else:
        properties = {str(entry["name"]): _input(entry, by_rows) for entry in inputs}
        required = [str(entry["name"]) for entry in inputs if entry.get("required", True)]
    if params:
        if PARAMS in properties:
            raise ValueError(f"it has params, and an input that is called {PARAMS}")
        properties[PARAMS] = _object({str(param["name"]): _param(param) for param in params}, [])
    return _object(properties, required)


def _response(outputs: Sequence[Mapping[str, Any]], by_rows: bool) -> Dict[str, Any]:
    if not outputs:
        return dict(_ANY)
    if outputs[0].get("name") is None:
        return _together(outputs, lambda entry: _value(entry, by_rows))
    return {
        "type": "object",
        "properties": {str(entry["name"]): _value(entry, by_rows) for entry in outputs},
        "required": [str(entry["name"]) for entry in outputs if entry.get("required", True)],
    }


def _together(
    entries: Sequence[Mapping[str, Any]], schema: Callable[[Mapping[str, Any]], Dict[str, Any]]
) -> Dict[str, Any]:
    """Of what has no names: one value, or a list of as many."""
    if len(entries) == 1:
        return schema(entries[0])
    return {"type": "array", "prefixItems": list(map(schema, entries)), "minItems": len(entries), "items": False}


def _input(entry: Mapping[str, Any], by_rows: bool) -> Dict[str, Any]:
    schema = _value(entry, by_rows)
    if schema and (entry["type"] in _MAY_BE_NULL or not entry.get("required", True)):
        return {"anyOf": [schema, {"type": "null"}]}
    return schema


def _param(entry: Mapping[str, Any]) -> Dict[str, Any]:
    schema = _value(entry, True)
    if list(entry.get("shape") or []):
        schema = {"type": "array", "items": schema}
    return {**schema, "default": entry["default"]} if entry.get("default") is not None else schema


def _value(entry: Mapping[str, Any], by_rows: bool) -> Dict[str, Any]:
    """The schema of a column's value, or of a tensor: of a row of it where rows are counted."""
    kind = entry["type"]
    if kind == "tensor":
        spec = entry["tensor-spec"]
        shape = [int(size) for size in spec["shape"]]
        return _tensor(str(spec["dtype"]), shape[1:] if by_rows and shape[:1] == [-1] else shape)
    if kind == "array":
        return {"type": "array", "items": _value(entry["items"], by_rows)}
    if kind == "map":
        return {"type": "object", "additionalProperties": _value(entry["values"], by_rows)}
    if kind == "object":
        inner: Dict[str, Mapping[str, Any]] = entry["properties"]
        return {
            "type": "object",
            "properties": {name: _value(value, by_rows) for name, value in inner.items()},
            "required": [name for name, value in inner.items() if value.get("required", True)],
        }
    if kind not in _SIMPLE:
        raise ValueError(f"it has the unknown type {kind!r}")
    return _scalar(kind)


def _tensor(dtype: str, shape: Sequence[int]) -> Dict[str, Any]:
    schema = _scalar(dtype)
    for size in reversed(shape):
        schema = {"type": "array", "items": schema}
        if size >= 0:
            schema.update(minItems=size, maxItems=size)
    return schema


def _scalar(kind: str) -> Dict[str, Any]:
    if kind in _INTEGERS:
        limit = 1 << (_INTEGERS[kind] - 1)
        return {"type": "integer", "minimum": -limit, "maximum": limit - 1}
    if kind.startswith("uint"):
        bits = int(kind[4:])
        return {"type": "integer", "minimum": 0, **({"maximum": (1 << bits) - 1} if bits < 64 else {})}
    if kind in _SIMPLE:
        return dict(_SIMPLE[kind])
    if kind.startswith("int"):
        return {"type": "integer"}
    if kind.startswith("float"):
        return {"type": "number"}
    if kind.startswith("datetime64"):
        return dict(_WHEN)
    if kind == "object":
        return {}
    raise ValueError(f"it has the unknown type {kind!r}")


def _object(properties: Mapping[str, Any], required: List[str]) -> Dict[str, Any]:
    schema: Dict[str, Any] = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    return {**schema, "required": required} if required else schema
