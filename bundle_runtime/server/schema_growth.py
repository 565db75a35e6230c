"""How many subschemas look at one value, by how deep it lies: what finding all violations may take.

A union of two models that hold that union again doubles with each level: a request of a hundred bytes, 18 levels deep,
made gigabytes of violations of violations. jsonschema_rs remembers what it has seen only where it answers yes or no.
"""

from __future__ import annotations

from typing import Any

from bundle_spec.schema_limits import Node, gather

_EACH = ("additionalProperties", "propertyNames", "unevaluatedProperties", "items", "contains", "unevaluatedItems")
LEVELS_MAX = 64
COUNT_MAX = 1 << 62


class Growth:
    """Nothing is looked at before it is asked for, and no more levels than that takes."""

    def __init__(self, schema: Any) -> None:
        """``schema`` has passed schema_limits.problem."""
        self._schema = schema
        self._levels: list[int] = []
        self._root = 0
        self._last: dict[int, int] = {}  # by node: how many look at a value of the last level, when it looks at the top
        self._order: list[Node] = []
        self._inner: dict[int, tuple[list[int], list[int]]] = {}

    def most(self, depth: int) -> int:
        """The most that look at one value no more than ``depth`` levels deep: more than there are, rather than less."""
        if not isinstance(self._schema, dict):
            return 1
        if depth >= LEVELS_MAX:
            return COUNT_MAX
        if not self._levels:
            self._read()
        while len(self._levels) <= depth and self._levels[-1] < COUNT_MAX:
            self._deeper()
        return max(self._levels[: depth + 1])

    def _read(self) -> None:
        nodes: dict[int, Node] = {}
        gather(self._schema, nodes)
        self._order = _inside_out(list(nodes.values()))
        for node in self._order:
            self._inner[id(node)] = _inner(node, nodes)
            self._last[id(node)] = 1 + sum(self._last[id(each)] for each in node.same)
        self._root = id(nodes[id(self._schema)])
        self._levels.append(self._last[self._root])

    def _deeper(self) -> None:
        found: dict[int, int] = {}
        for node in self._order:
            one_of, all_of = self._inner[id(node)]
            own = max((self._last[each] for each in one_of), default=0) + sum(self._last[each] for each in all_of)
            found[id(node)] = min(own + sum(found[id(each)] for each in node.same), COUNT_MAX)
        self._last = found
        self._levels.append(found[self._root])


def _inside_out(nodes: list[Node]) -> list[Node]:
    """Each after those that it leads to for the same value; there are no loops of that kind."""
    order: list[Node] = []
    seen: set[int] = set()
    for start in nodes:
        todo = [(start, False)]
        while todo:
            node, done = todo.pop()
            if done:
                order.append(node)
            elif id(node) not in seen:
                seen.add(id(node))
                todo.append((node, True))
                todo.extend((each, False) for each in node.same)
    return order


def _inner(node: Node, nodes: dict[int, Node]) -> tuple[list[int], list[int]]:
    """Of the schemas for what is within the value: those of which one is asked, and those that all may be."""
    content = node.content
    one_of = [*_listed(content.get("properties")), *_listed(content.get("prefixItems"))]
    one_of += _listed(content["items"]) if isinstance(content.get("items"), list) else []  # before 2020-12
    all_of = [*_listed(content.get("patternProperties")), *(content.get(keyword) for keyword in _EACH)]
    known = [[id(nodes[id(value)]) for value in values if id(value) in nodes] for values in (one_of, all_of)]
    return known[0], known[1]


def _listed(held: Any) -> list[Any]:
    return list(held.values()) if isinstance(held, dict) else held if isinstance(held, list) else []
