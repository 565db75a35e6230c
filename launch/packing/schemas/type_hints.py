"""JSON Schemas of a function's type hints: what a request may hold, and what the prediction is.

Requests arrive as plain JSON values, so a hint that names a class of its own (a dataclass, an array, a pydantic model)
says nothing about the request; its parameter takes any value, and that is said. `int` is a whole number, `float` any.
"""

from __future__ import annotations

import collections.abc
import inspect
import sys
import types
import typing
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Tuple, Union

from launch.packing.schemas.pydantic_models import is_model, schema_of_model

Schema = Dict[str, Any]

ANY: Schema = {"description": "any JSON value"}
_PLAIN = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}
_LISTS = (list, tuple, set, frozenset, collections.abc.Sequence, collections.abc.Iterable, collections.abc.Collection)
_OBJECTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_UNKNOWN = (Any, object, inspect.Parameter.empty)
_DEEPEST = 20


class Hinted(NamedTuple):
    """The two schemas, and what the hints could not say."""

    request: Schema
    response: Schema
    said: List[str]


class _Reading(NamedTuple):
    """What was said so far, and the names in the function's module: Python looks for it among the modules, where that
    of a file which was run for its functions is no more."""

    said: List[str]
    names: Dict[str, Any]


def schemas_of_hints(predict_fn: Any) -> Optional[Hinted]:
    """None where no hint says anything, or the function's parameters cannot be known."""
    function = _function_of(predict_fn)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except Exception:  # a builtin: the user's code, of any kind
        return None
    if parameters and inspect.isfunction(function) and predict_fn is not function and parameters[0].name == "self":
        parameters = parameters[1:]
    reading = _Reading([], getattr(function, "__globals__", {}))
    hints = _hints(function, reading)
    response = _of_result(hints.get("return"), reading)
    request = _request(parameters, hints, reading)
    if response == ANY and all(schema == ANY for schema in request["properties"].values()):
        return None
    return Hinted(request, response, reading.said)


def _function_of(predict_fn: Any) -> Callable[..., Any]:
    """Of a class or an object its __call__."""
    if inspect.isclass(predict_fn):
        found: Callable[..., Any] = predict_fn.__call__
        return found
    if inspect.isroutine(predict_fn):
        return predict_fn
    return type(predict_fn).__call__


def _hints(function: Callable[..., Any], reading: _Reading) -> Dict[str, Any]:
    """Each hint as an object. One that names what is not there, as under `if TYPE_CHECKING:`, spoils no other."""
    try:
        return typing.get_type_hints(function)
    except Exception:  # the user's code, of any kind
        pass
    found = {}
    for name, hint in getattr(function, "__annotations__", {}).items():
        alone = types.SimpleNamespace(__annotations__={name: hint})
        try:
            found.update(typing.get_type_hints(alone, reading.names))
        except Exception:
            what = "the result" if name == "return" else name
            reading.said.append(f"the hint {hint} of {what} names what is not there: any value is taken")
    return found


def _request(parameters: List[inspect.Parameter], hints: Dict[str, Any], reading: _Reading) -> Schema:
    properties: Dict[str, Schema] = {}
    required = []
    rest: Any = False
    for parameter in parameters:
        if parameter.kind is parameter.VAR_POSITIONAL:
            continue
        schema = _of(hints.get(parameter.name, Any), parameter.name, reading)
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


def _of_result(hint: Any, reading: _Reading) -> Schema:
    origin = typing.get_origin(hint) or hint
    if is_model(hint):  # the worker writes a pydantic model as this
        return schema_of_model(hint, "serialization")
    if hint is None or (isinstance(origin, type) and issubclass(origin, _STREAMS)):
        return dict(ANY)  # what is yielded is checked item by item: any of them may be
    return _of(hint, "the result", reading)


_STREAMS = (collections.abc.Iterator, collections.abc.AsyncIterator, collections.abc.Awaitable)


def _of(hint: Any, name: str, reading: _Reading, depth: int = 0) -> Schema:
    if _is_one_of(hint, _UNKNOWN) or isinstance(hint, typing.TypeVar) or depth > _DEEPEST:
        return dict(ANY)
    if hasattr(hint, "__metadata__"):  # Annotated, whose remarks may have no hash
        return _of(hint.__origin__, name, reading, depth + 1)
    if hasattr(hint, "__supertype__"):  # NewType
        return _of(hint.__supertype__, name, reading, depth + 1)
    if _is_one_of(hint, _PLAIN):
        return {"type": _PLAIN[hint]}
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union or type(hint).__name__ == "UnionType":
        return _either([_of(entry, name, reading, depth + 1) for entry in arguments])
    if str(origin).endswith("Literal"):
        return _literal(arguments)
    kind = origin or hint
    if isinstance(kind, type) and hasattr(kind, "__total__") and issubclass(kind, dict):
        return _typed_dict(kind, name, reading, depth)
    if _is_one_of(kind, _LISTS):
        return _array(kind, arguments, name, reading, depth)
    if _is_one_of(kind, _OBJECTS):
        inner = _of(arguments[1], name, reading, depth + 1) if len(arguments) == 2 else ANY
        return {"type": "object"} if inner == ANY else {"type": "object", "additionalProperties": inner}
    reading.said.append(f"the hint {_shown(hint)} of {name} is not a JSON type: any value is taken")
    return dict(ANY)


def _array(kind: Any, arguments: Tuple[Any, ...], name: str, reading: _Reading, depth: int) -> Schema:
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        items = [_of(entry, name, reading, depth + 1) for entry in arguments if entry != ()]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    inner = _of(arguments[0], name, reading, depth + 1) if arguments else ANY
    return {"type": "array"} if inner == ANY else {"type": "array", "items": inner}


def _typed_dict(kind: Any, name: str, reading: _Reading, depth: int) -> Schema:
    try:
        hints = _with_extras(kind, reading.names)
    except Exception:  # it names what is not there
        return {"type": "object"}
    required = set(getattr(kind, "__required_keys__", hints if kind.__total__ else ()))
    properties = {}
    for key, hint in hints.items():
        # Python itself has not seen these in hints that are text, as they are by `from __future__ import annotations`
        while (around := str(typing.get_origin(hint))).endswith(("Required", "ReadOnly")):
            (hint,) = typing.get_args(hint)
            if around.endswith("NotRequired"):
                required.discard(key)
            elif around.endswith("Required"):
                required.add(key)
        properties[key] = _of(hint, f"{name}.{key}", reading, depth + 1)
    found: Schema = {"type": "object", "properties": properties}
    return {**found, "required": sorted(required)} if required else found


def _with_extras(kind: Any, names: Dict[str, Any]) -> Dict[str, Any]:
    """Its hints with what stands around them, which CPython 3.8 never takes away."""
    known = None if kind.__module__ in sys.modules else names
    if sys.version_info < (3, 9):
        return typing.get_type_hints(kind, known)
    return typing.get_type_hints(kind, known, include_extras=True)


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


def _is_one_of(hint: Any, known: Iterable[Any]) -> bool:
    """Never by `==`: a hint may be any object, as in `x: [int]`, without a hash or a truth."""
    return any(hint is entry for entry in known)


def _shown(hint: Any) -> str:
    return hint.__qualname__ if isinstance(hint, type) else str(hint).replace("typing.", "")
