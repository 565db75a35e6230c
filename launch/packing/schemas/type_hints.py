"""JSON Schemas of a function's type hints: what a request may hold, and what the prediction is.

Requests arrive as plain JSON values, so a hint that names a class of its own (a dataclass, an array, a pydantic model)
says nothing about the request; its parameter takes any value, and that is said. `int` is a whole number, `float` any.
"""

from __future__ import annotations

import collections.abc
import inspect
import typing
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple, Union

from launch.packing.schemas.pydantic_models import is_model, schema_of_model

Schema = Dict[str, Any]

ANY: Schema = {"description": "any JSON value"}
_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_OBJECTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_DEEPEST = 20


class Hinted(NamedTuple):
    """The two schemas, and what the hints could not say."""

    request: Schema
    response: Schema
    said: List[str]


def schemas_of_hints(predict_fn: Any) -> Optional[Hinted]:
    """None where no hint says anything, or the function's parameters cannot be known."""
    function = _function_of(predict_fn)
    try:
        parameters = list(inspect.signature(function).parameters.values())
        hints = typing.get_type_hints(function)
    except Exception:  # a builtin, or a hint that names what is not there: the user's code, of any kind
        return None
    if parameters and inspect.isfunction(function) and predict_fn is not function and parameters[0].name == "self":
        parameters = parameters[1:]
    said: List[str] = []
    response = _of_result(hints.get("return"), said)
    request = _request(parameters, hints, said)
    if response == ANY and all(schema == ANY for schema in request["properties"].values()):
        return None
    return Hinted(request, response, said)


def _function_of(predict_fn: Any) -> Callable[..., Any]:
    """Of a class or an object its __call__."""
    if inspect.isclass(predict_fn):
        found: Callable[..., Any] = predict_fn.__call__
        return found
    if inspect.isroutine(predict_fn):
        return predict_fn
    return type(predict_fn).__call__


def _request(parameters: List[inspect.Parameter], hints: Dict[str, Any], said: List[str]) -> Schema:
    properties: Dict[str, Schema] = {}
    required = []
    rest: Any = False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        schema = _of(hints.get(parameter.name, Any), parameter.name, said)
        if parameter.kind is parameter.VAR_KEYWORD:
            rest = True if schema == ANY else schema
            continue
        if parameter.default is parameter.empty:
            required.append(parameter.name)
        elif parameter.default is None and schema != ANY:  # x: int = None means Optional[int]
            schema = _either([schema, {"type": "null"}])
        properties[parameter.name] = schema
    found: Schema = {"type": "object", "properties": properties}
    if required:
        found["required"] = required
    return {**found, "additionalProperties": rest}


def _of_result(hint: Any, said: List[str]) -> Schema:
    origin = typing.get_origin(hint) or hint
    if is_model(hint):  # the worker writes a pydantic model as this
        return schema_of_model(hint, "serialization")
    if hint is None or (isinstance(origin, type) and issubclass(origin, _STREAMS)):
        return dict(ANY)  # what is yielded is checked item by item: any of them may be
    return _of(hint, "the result", said)


_STREAMS = (collections.abc.Iterator, collections.abc.AsyncIterator, collections.abc.Awaitable)


def _of(hint: Any, name: str, said: List[str], depth: int = 0) -> Schema:
    if hint is Any or hint is inspect.Parameter.empty or isinstance(hint, typing.TypeVar) or depth > _DEEPEST:
        return dict(ANY)
    if hasattr(hint, "__metadata__"):  # Annotated, whose remarks may have no hash
        return _of(hint.__origin__, name, said, depth + 1)
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union or type(hint).__name__ == "UnionType":
        return _either([_of(entry, name, said, depth + 1) for entry in arguments])
    if str(origin).endswith("Literal"):
        return _literal(arguments)
    kind = origin or hint
    if isinstance(kind, type) and hasattr(kind, "__total__") and issubclass(kind, dict):
        return _typed_dict(kind, name, said, depth)
    if kind in _LISTS:
        return _array(kind, arguments, name, said, depth)
    if kind in _OBJECTS:
        inner = _of(arguments[1], name, said, depth + 1) if len(arguments) == 2 else ANY
        return {"type": "object"} if inner == ANY else {"type": "object", "additionalProperties": inner}
    said.append(f"the hint {_shown(hint)} of {name} is not a JSON type: any value is taken")
    return dict(ANY)


def _array(kind: Any, arguments: Tuple[Any, ...], name: str, said: List[str], depth: int) -> Schema:
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        items = [_of(entry, name, said, depth + 1) for entry in arguments if entry != ()]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    inner = _of(arguments[0], name, said, depth + 1) if arguments else ANY
    return {"type": "array"} if inner == ANY else {"type": "array", "items": inner}


def _typed_dict(kind: Any, name: str, said: List[str], depth: int) -> Schema:
    try:
        hints = typing.get_type_hints(kind)
    except Exception:  # it names what is not there
        return {"type": "object"}
    properties = {key: _of(hint, f"{name}.{key}", said, depth + 1) for key, hint in hints.items()}
    required = sorted(getattr(kind, "__required_keys__", hints if kind.__total__ else ()))
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _literal(values: Tuple[Any, ...]) -> Schema:
    plain = [value for value in values if isinstance(value, (str, int, bool))]
    choices: List[Schema] = [{"enum": plain}] if plain else []
    choices += [{"type": "null"}] if None in values else []
    return _either(choices) if choices else dict(ANY)


def _either(schemas: List[Schema]) -> Schema:
    if ANY in schemas:
        return dict(ANY)
    different = [schema for index, schema in enumerate(schemas) if schema not in schemas[:index]]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _shown(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint).replace("typing.", "")
