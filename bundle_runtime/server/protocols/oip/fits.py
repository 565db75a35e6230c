"""Whether every tensor of a datatype and a shape fits a schema: an image need not become lists to be checked. Pure.

Certain or nothing: False only means that the elements have to be looked at. So what is not plainly known here is
never wrong, only slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bundle_runtime.contract import tensors

ANNOTATIONS = frozenset(
    ("title", "description", "default", "examples", "$comment", "deprecated", "readOnly", "writeOnly")
)
_DEFINITION = re.compile(r"#/(\$defs|definitions)/([^/~%]+)")
_INTEGERS = {f"{sign}INT{bits}": (bits, not sign) for sign in ("", "U") for bits in (8, 16, 32, 64)}
_RANGES = {
    name: (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    for name, (bits, signed) in _INTEGERS.items()
}
# a float may be an integer to JSON Schema: 1.0 is one
_TYPES = {
    **dict.fromkeys(_INTEGERS, frozenset(("integer", "number"))),
    **dict.fromkeys(tensors.FLOATS, frozenset(("number",))),
    "BOOL": frozenset(("boolean",)),
    "BYTES": frozenset(("string",)),
}
_OF_ARRAYS = frozenset(("type", "items", "minItems", "maxItems"))
_OF_ELEMENTS = frozenset(("type", "minimum", "maximum"))


def fits(schema: Any, root: Any, datatype: str, shape: Sequence[int]) -> bool:
    """True when each tensor of finite elements does; the shape of a scalar is []."""
    nodes = _alternatives([schema], root)
    for size in shape:
        if {} in nodes:
            return True
        arrays = [node for node in nodes if _takes_array(node, size)]
        if not size:
            return bool(arrays)
        nodes = _alternatives([node.get("items", True) for node in arrays], root)
    return any(not node or _takes_element(node, datatype) for node in nodes)


def _alternatives(schemas: Iterable[Any], root: Any) -> list[dict[str, Any]]:
    """Without annotations, through $ref and anyOf; any of them may be the one that is fitted."""
    found: list[dict[str, Any]] = []
    seen: set[int] = set()
    todo = list(schemas)
    while todo:
        schema = todo.pop()
        if schema is True:
            found.append({})
        if not isinstance(schema, dict) or id(schema) in seen:
            continue
        seen.add(id(schema))
        node = {key: value for key, value in schema.items() if key not in ANNOTATIONS}
        if node.keys() == {"$ref"}:
            match = _DEFINITION.fullmatch(node["$ref"])
            todo.append(root.get(match[1], {}).get(match[2], False) if match else False)
        elif node.keys() == {"anyOf"}:
            todo.extend(node["anyOf"])
        else:
            found.append(node)
    return found


def _takes_array(node: dict[str, Any], size: int) -> bool:
    return (
        "array" in _types(node)
        and node.keys() <= _OF_ARRAYS
        and node.get("minItems", 0) <= size <= node.get("maxItems", size)
    )


def _takes_element(node: dict[str, Any], datatype: str) -> bool:
    if _TYPES[datatype].isdisjoint(_types(node)) or not node.keys() <= _OF_ELEMENTS:
        return False
    if node.keys() == {"type"}:
        return True
    if datatype not in _RANGES:
        return False
    least, most = _RANGES[datatype]
    return bool(node.get("minimum", least) <= least and most <= node.get("maximum", most))


def _types(node: dict[str, Any]) -> list[str]:
    kind = node.get("type", [])
    return kind if isinstance(kind, list) else [kind]
