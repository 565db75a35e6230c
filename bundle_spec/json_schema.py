"""The one way through a JSON Schema: where it holds schemas, what a reference leads to, which look at the same value.

Everything that reads schemas asks here, so that a keyword, a JSON Pointer or an anchor is understood in one way by
client, operator, server and worker. Copied into the user's image: standard library only, Python 3.8. Pure.

Nothing here compiles a schema or judges it: `schema_limits` says which are safe, the metaschema which are valid.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Callable, Deque, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Tuple, Union
from urllib.parse import unquote

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# keywords that hold schemas: one, a list or an object of them; for the same value, or for what is inside it
SAME_ONE = frozenset(("not", "if", "then", "else"))
SAME_MANY = frozenset(("allOf", "anyOf", "oneOf"))
SAME_NAMED = frozenset(("dependentSchemas", "dependencies"))
INNER_ONE = frozenset((
    "items", "additionalItems", "contains", "additionalProperties", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "contentSchema",
))  # fmt: skip
INNER_MANY = frozenset(("prefixItems", "items"))
INNER_NAMED = frozenset(("properties", "patternProperties", "$defs", "definitions"))
ONE, MANY, NAMED = SAME_ONE | INNER_ONE, SAME_MANY | INNER_MANY, SAME_NAMED | INNER_NAMED
REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
ANCHORS = ("$anchor", "$dynamicAnchor")
BRANCHES = ("anyOf", "oneOf", "allOf")

Schema = Dict[str, Any]
Step = Union[str, int]


class Inner(NamedTuple):
    """A schema that stands directly in another: `steps` lead to it, `same` says whether it is for the same value."""

    schema: Schema
    steps: Tuple[Step, ...]
    same: bool


class Found(NamedTuple):
    """What a reference leads to, whatever it is; `steps` lead there from the root."""

    value: Any
    steps: Tuple[Step, ...]


def inner(schema: Schema) -> Iterator[Inner]:
    """The schemas directly inside that are objects; what stands there instead of one is the metaschema's to refuse."""
    for keyword, value in schema.items():
        if isinstance(value, dict):
            if keyword in ONE:
                yield Inner(value, (keyword,), keyword in SAME_ONE)
            elif keyword in NAMED:
                for name, entry in value.items():
                    if isinstance(entry, dict):
                        yield Inner(entry, (keyword, name), keyword in SAME_NAMED)
        elif isinstance(value, (list, tuple)) and keyword in MANY:
            for index, entry in enumerate(value):
                if isinstance(entry, dict):
                    yield Inner(entry, (keyword, index), keyword in SAME_MANY)


def each(schema: Any) -> Iterator[Schema]:
    """The schema and all within it that are objects, each once; references are not followed."""
    seen = set()
    todo: List[Any] = [schema]
    while todo:
        node = todo.pop()
        if isinstance(node, dict) and id(node) not in seen:
            seen.add(id(node))
            yield node
            todo.extend(found.schema for found in inner(node))


def branches(schema: Any, root: Any, keywords: Iterable[str] = BRANCHES) -> Iterator[Schema]:
    """The schema and those that look at the same value through $ref and the keywords, each once, the nearest first.

    What is not an object (true, false, a reference that leads nowhere) is left out.
    """
    seen = set()
    todo: Deque[Any] = deque([schema])
    while todo:
        node = todo.popleft()
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        found = resolve(root, node["$ref"]) if "$ref" in node else None
        if found is not None:
            todo.append(found.value)
        for keyword in keywords:
            held = node.get(keyword)
            todo.extend(held if isinstance(held, list) else [held])


def resolve(root: Any, reference: Any) -> Optional[Found]:
    """What `#`, `#/a/pointer` or `#anchor` leads to within the root; None when nothing is there, or it leads out."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    pointer = unquote(reference[1:])
    if pointer and not pointer.startswith("/"):
        named = (node for node in each(root) if any(node.get(keyword) == pointer for keyword in ANCHORS))
        anchored = next(named, None)
        return None if anchored is None else Found(anchored, ())
    value: Any = root
    steps: List[Step] = []
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        step: Step = name
        if isinstance(value, (list, tuple)) and _is_index(name, len(value)):
            step = int(name)
        elif not isinstance(value, dict) or name not in value:
            return None
        value = value[step]
        steps.append(step)
    return Found(value, tuple(steps))


def rebuilt(schema: Any, change: Callable[[Schema], Schema]) -> Any:
    """A copy in which every schema, the innermost first, is what `change` makes of it."""
    if not isinstance(schema, Mapping):
        return schema
    copy: Schema = {}
    for key, value in schema.items():
        if key in ONE and isinstance(value, Mapping):
            copy[key] = rebuilt(value, change)
        elif key in MANY and isinstance(value, (list, tuple)):
            copy[key] = [rebuilt(entry, change) for entry in value]
        elif key in NAMED and isinstance(value, Mapping):
            copy[key] = {name: rebuilt(entry, change) for name, entry in value.items()}
        else:
            copy[key] = value
    return change(copy)


def _is_index(step: str, length: int) -> bool:
    return step.isdigit() and step.isascii() and len(step) < 7 and int(step) < length
