"""What a pickle by value takes along: from a function to its globals and closure, from an object to its attributes.

Two readers: the search for the object that cannot be pickled, and the search for the imports inside function bodies.
Installed packages and the standard library are pickled by reference, so nothing below them is looked at.
"""

from __future__ import annotations

import functools
import types
from collections import deque
from typing import Any, Deque, Dict, Iterator, List, Set, Tuple

from launch.packing.pickles.module_origin import is_own

MOST_OBJECTS = 200_000  # a model may be millions of objects; the user's code is not at the far end of it
_ATOMS = (type(None), bool, int, float, complex, str, bytes, bytearray)


def reachable(root: Any, name: str = "") -> Iterator[Tuple[str, Any]]:
    """Each object once, nearest first, with the path by which a reader of the user's code would name it."""
    queue: Deque[Tuple[str, Any]] = deque([(name, root)])
    seen: Set[int] = {id(root)}
    kept: List[Any] = []  # an id is another object's once the first is gone
    own: Dict[Any, bool] = {}
    while queue:
        path, value = queue.popleft()
        yield path, value
        if len(seen) > MOST_OBJECTS or isinstance(value, _ATOMS):
            continue
        for below, child in _children(path, value, own):
            if id(child) not in seen:
                seen.add(id(child))
                kept.append(child)
                queue.append((below, child))


def code_objects(function: types.FunctionType) -> Iterator[types.CodeType]:
    """The function's own, and those of the functions and classes that are written inside it."""
    left = [function.__code__]
    while left:
        code = left.pop()
        yield code
        left.extend(constant for constant in code.co_consts if isinstance(constant, types.CodeType))


def _children(path: str, value: Any, own: Dict[Any, bool]) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, types.FunctionType):
        if _is_own(value, own):
            yield from _of_function(value)
    elif isinstance(value, types.ModuleType):
        if value.__name__ != "__main__" and _is_own(value, own):
            yield from ((f"{value.__name__}.{name}", entry) for name, entry in _of_module(value))
    elif isinstance(value, types.MethodType):
        yield f"{path}.__self__", value.__self__
        yield path, value.__func__
    elif isinstance(value, functools.partial):
        yield path, value.func
        yield from ((_attribute(path, key), entry) for key, entry in value.keywords.items())
        yield from ((f"{path}.args[{index}]", entry) for index, entry in enumerate(value.args))
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield (key if path == "" and isinstance(key, str) else f"{path}[{_short(key)}]"), entry
    elif isinstance(value, (list, tuple, set, frozenset)):
        yield from ((f"{path}[{index}]", entry) for index, entry in enumerate(value))
    elif isinstance(value, type):
        if _is_own(value, own):
            yield from _of_class(path, value)
    else:
        yield from _of_object(path, value)


def _of_function(function: types.FunctionType) -> Iterator[Tuple[str, Any]]:
    used = {name for code in code_objects(function) for name in code.co_names}
    for name in sorted(used & set(function.__globals__)):
        yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or ()):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {function.__qualname__}", default
    wrapped = getattr(function, "__wrapped__", None)
    if wrapped is not None:
        yield f"{function.__qualname__}.__wrapped__", wrapped


def _of_module(module: types.ModuleType) -> Iterator[Tuple[str, Any]]:
    yield from ((name, entry) for name, entry in list(vars(module).items()) if not name.startswith("__"))


def _of_class(path: str, value: type) -> Iterator[Tuple[str, Any]]:
    for base in value.__bases__:
        yield base.__qualname__, base
    for name, entry in list(vars(value).items()):
        if isinstance(entry, (staticmethod, classmethod)):
            entry = entry.__func__
        if isinstance(entry, property):
            yield from ((_attribute(path, name), part) for part in (entry.fget, entry.fset, entry.fdel) if part)
        elif name not in ("__dict__", "__weakref__"):
            yield _attribute(path, name), entry


def _of_object(path: str, value: Any) -> Iterator[Tuple[str, Any]]:
    yield type(value).__qualname__, type(value)
    attributes = getattr(value, "__dict__", None)
    if isinstance(attributes, dict):
        yield from ((_attribute(path, name), entry) for name, entry in list(attributes.items()))
    for owner in type(value).__mro__:
        slots = owner.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            member = owner.__dict__.get(name)
            if isinstance(member, types.MemberDescriptorType):
                try:
                    yield _attribute(path, name), member.__get__(value)
                except AttributeError:  # not assigned
                    continue


def _is_own(value: Any, own: Dict[Any, bool]) -> bool:
    name = value.__name__ if isinstance(value, types.ModuleType) else getattr(value, "__module__", None)
    if name not in own:
        own[name] = is_own(name) if isinstance(name, str) else True
    return own[name]


def _attribute(path: str, name: Any) -> str:
    return f"{path}.{name}" if path else str(name)


def _short(key: Any) -> str:
    text = repr(key)
    return text if len(text) <= 40 else text[:37] + "..."
