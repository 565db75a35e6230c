"""Whether a JSON Schema is one that is safe to compile: everything that can be known without compiling it.

A schema of a kilobyte can take weeks to compile, one of ten kilobytes gigabytes of memory, and one nested deeply ends
a recursive reader. So operator, client, prepare and server ask here first. One walk, without recursion and bounded
itself, over whatever was written: what is not a JSON Schema at all is the metaschema's to say, once this is passed.

Pure, and Python 3.8+ with the standard library only. The limits are documented in docs/reference/predict.md.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple, Union
from urllib.parse import unquote

from bundle_spec.exact_values import is_unicode
from bundle_spec.json_path import inside
from bundle_spec.json_schema import ANCHORS, DIALECT, REFERENCES, inner, resolve
from bundle_spec.pattern_size import pattern_size
from bundle_spec.schema_dialect import DIALECTS, DRAFT_4, dialect, older_spelling

MAX_DEPTH = 200  # values within values; JSON readers and writers in Rust end at 255, a nested property takes two
MAX_VALUES = 20_000
MAX_TEXT = 192 * 1024  # characters, as many as a bundle document may have bytes
MAX_PATTERNS = 1_000
MAX_PATTERN = 5_000  # characters
MAX_PATTERN_SIZE = 100_000  # of all patterns, written out; about 200 bytes of memory each
MAX_SAME = 2_000  # subschemas that one value is checked against, each as often as references lead to it
MAX_NUMBER = 2**64
MAX_UNEVALUATED = 2_000  # the same, of those with unevaluated*: compiling takes the square of it
_SHOWN = 200
_DIALECTS = ", ".join(DIALECTS)
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")

_Place = Optional[Tuple[Any, Union[str, int]]]  # a linked list from the inside out: paths cost nothing until shown
_Found = Optional[str]


class Node:
    """A schema that is an object, where it is, and which others look at the same value, as often as they do."""

    __slots__ = ("content", "place", "same")

    def __init__(self, content: Dict[str, Any], place: _Place) -> None:
        self.content = content
        self.place = place
        self.same: List[Node] = []


def problem(schema: Any) -> _Found:
    """The first problem, beginning with its place inside the schema, as in ``.properties.a: ...``; None when none."""
    found = _of_values(schema) or _of_dialect(schema)
    if found or isinstance(schema, bool):
        return found
    if not isinstance(schema, dict):
        return f": is {_quoted(schema)}, where a schema must be: write an object"
    nodes: Dict[int, Node] = {}
    found = gather(schema, nodes) or _of_spelling(schema, nodes) or _of_patterns(nodes)
    return found or _of_costs(nodes)


def _of_values(schema: Any) -> _Found:
    """JSON values only, and not too many: after this everything else is bounded."""
    values = text = 0
    todo: List[Tuple[Any, _Place, int]] = [(schema, None, 0)]
    while todo:
        value, place, depth = todo.pop()
        values += 1
        if values > MAX_VALUES:
            return _at(place, f"the schema has more than {MAX_VALUES} values: leave enums and examples out of it")
        if isinstance(value, str):
            text += len(value)
            if not is_unicode(value):
                return _at(place, "holds half a surrogate pair, which is not a character")
        elif isinstance(value, (dict, list, tuple)):
            if depth > MAX_DEPTH:
                return _at(place, f"is nested more than {MAX_DEPTH} deep: put what is inside into $defs, with a $ref")
            if len(value) > MAX_VALUES - values:
                return _at(place, f"the schema has more than {MAX_VALUES} values: leave enums and examples out of it")
            if isinstance(value, dict):
                for name in value:
                    if not isinstance(name, str):
                        return _at(place, f"has the key {_quoted(name)}, which is not a string: put it in quotes")
                    text += len(name)
                    if not is_unicode(name):
                        return _at(place, f"has the key {_quoted(name)} with half a surrogate pair")
            todo.extend((entry, (place, step), depth + 1) for step, entry in _entries(value))
        elif isinstance(value, float):
            if value != value or value in (float("inf"), float("-inf")):
                return _at(place, f"is {value}, which JSON does not have")
        elif isinstance(value, int):
            if abs(value) > MAX_NUMBER:
                return _at(place, "is an integer of more than 64 bits, which no reader keeps: write it as a string")
        elif value is not None:
            return _at(place, f"is a {type(value).__name__}, which JSON does not have")
        if text > MAX_TEXT:
            return _at(place, f"the schema has more than {MAX_TEXT} characters: leave descriptions out of it")
    return None


def _of_dialect(schema: Any) -> _Found:
    if dialect(schema) is not None:
        return None
    return f".$schema: {_quoted(schema['$schema'])} is not supported; leave $schema out, or write one of {_DIALECTS}"


def _of_spelling(root: Dict[str, Any], nodes: Dict[int, Node]) -> _Found:
    """Keywords as another draft has them."""
    draft = dialect(root) or DIALECT
    for node in nodes.values():
        if node.content is root and draft == DRAFT_4:
            continue  # its id is its own
        for keyword, why in older_spelling(node.content, draft):
            return _at((node.place, keyword), why)
    return None


def gather(root: Dict[str, Any], nodes: Dict[int, Node]) -> _Found:
    """All schemas within it, and what references lead to, wherever that is."""
    top = Node(root, None)
    nodes[id(root)] = top
    anchors: Dict[str, Node] = {}
    waiting: List[Tuple[Node, str]] = []
    todo = [top]
    while todo or waiting:
        if not todo:  # all anchors are known, but for those of what a reference leads to
            node, keyword = waiting.pop()
            target = _resolved(root, node.content[keyword], anchors, nodes)
            if target is None:
                why = f"{_quoted(node.content[keyword])} is nowhere in the schema: copy what is meant into $defs"
                return _at((node.place, keyword), why)
            if isinstance(target.content, dict) and id(target.content) not in nodes:
                nodes[id(target.content)] = target
                todo.append(target)
            node.same.append(target)
            continue
        node = todo.pop()
        found = _of_names(node, top, anchors)
        if found:
            return found
        waiting.extend((node, keyword) for keyword in REFERENCES if isinstance(node.content.get(keyword), str))
        for schema, steps, same in inner(node.content):
            known = nodes.get(id(schema))
            if known is None:
                known = nodes[id(schema)] = Node(schema, _below(node.place, steps))
                todo.append(known)
            if same:
                node.same.append(known)
    return None


def _of_names(node: Node, top: Node, anchors: Dict[str, Node]) -> _Found:
    """What changes the meaning of references, and references out of the schema."""
    content = node.content
    if node is not top:
        if "$id" in content:
            return _at((node.place, "$id"), "is below the root, where it moves what # means: leave it out")
        if "$schema" in content:
            return _at((node.place, "$schema"), "is below the root: leave it out, one schema has one dialect")
    for keyword in ANCHORS:
        name = content.get(keyword)
        if isinstance(name, str) and anchors.setdefault(name, node) is not node:
            return _at((node.place, keyword), f"{_quoted(name)} is there twice: name each place once")
    for keyword in REFERENCES:
        target = content.get(keyword)
        if isinstance(target, str) and not target.startswith("#"):
            why = f"schemas are not fetched ({_quoted(target)}): copy what is referred to into $defs"
            return _at((node.place, keyword), why)
    return None


def _resolved(root: Any, reference: str, anchors: Dict[str, Node], nodes: Dict[int, Node]) -> Optional[Node]:
    name = unquote(reference[1:])
    if name and not name.startswith("/"):
        return anchors.get(name)
    found = resolve(root, reference)
    if found is None or not isinstance(found.value, (dict, bool)):
        return None
    if isinstance(found.value, bool):
        return Node({}, _below(None, found.steps))
    return nodes.get(id(found.value)) or Node(found.value, _below(None, found.steps))


def _below(place: _Place, steps: Iterable[Union[str, int]]) -> _Place:
    for step in steps:
        place = (place, step)
    return place


def _of_patterns(nodes: Dict[int, Node]) -> _Found:
    count = size = 0
    for node in nodes.values():
        for pattern, place in _patterns(node):
            count += 1
            if count > MAX_PATTERNS:
                return _at(place, f"the schema has more than {MAX_PATTERNS} patterns: leave some out")
            if len(pattern) > MAX_PATTERN:
                return _at(place, f"is a pattern of {len(pattern)} characters: at most {MAX_PATTERN} are allowed")
            size += pattern_size(pattern)
            if size > MAX_PATTERN_SIZE:
                why = "takes too much memory with its repetitions written out" if count == 1 else (
                    "is one pattern too many: with their repetitions written out they take too much memory"
                )  # fmt: skip
                return _at(place, f"{_quoted(pattern)} {why}: use * or + and a maxLength instead of large counts")
    return None


def _patterns(node: Node) -> Iterator[Tuple[str, _Place]]:
    pattern = node.content.get("pattern")
    if isinstance(pattern, str):
        yield pattern, (node.place, "pattern")
    named = node.content.get("patternProperties")
    if isinstance(named, dict):
        for name in named:
            yield name, ((node.place, "patternProperties"), name)


def _of_costs(nodes: Dict[int, Node]) -> _Found:
    """How many schemas look at one value: each reference to the same one counts, as it is compiled and asked again."""
    costs: Dict[int, int] = {}
    for start in nodes.values():
        found = _cost(start, costs)
        if found:
            return found
    unevaluated = 0
    for node in nodes.values():
        if any(keyword in node.content for keyword in _UNEVALUATED):
            unevaluated += costs[id(node)]
            if unevaluated > MAX_UNEVALUATED:
                keyword = next(keyword for keyword in _UNEVALUATED if keyword in node.content)
                return _at(
                    (node.place, keyword),
                    f"has to follow more than {MAX_UNEVALUATED} subschemas, those of each $ref again: name the"
                    " properties here, with additionalProperties or items instead",
                )
    return None


def _cost(start: Node, costs: Dict[int, int]) -> _Found:
    """Depth first, without recursion; ``costs`` is 0 for those whose own are being looked at."""
    if id(start) in costs:
        return None
    costs[id(start)] = 0
    path: List[Tuple[Node, Iterator[Node]]] = [(start, iter(start.same))]
    while path:
        node, rest = path[-1]
        following = next(rest, None)
        if following is None:
            path.pop()
            costs[id(node)] = 1 + sum(costs[id(each)] for each in node.same)
            if costs[id(node)] > MAX_SAME:
                why = f"has one value checked by more than {MAX_SAME} subschemas, those of each $ref again"
                return _at(node.place, f"{why}: let each branch be referred to once")
        elif id(following) not in costs:
            costs[id(following)] = 0
            path.append((following, iter(following.same)))
        elif not costs[id(following)]:
            return _at(
                following.place, "refers to itself without going into the value, which says nothing: leave that out"
            )
    return None


def _entries(value: Any) -> Any:
    return value.items() if isinstance(value, dict) else enumerate(value)


def _at(place: _Place, what: str) -> str:
    steps: List[Union[str, int]] = []
    while place is not None:
        place, step = place
        steps.append(step if isinstance(step, int) else _readable(step))
    return f"{_cut(inside(reversed(steps)))}: {what}"


def _readable(name: Any) -> str:
    return name if isinstance(name, str) and name.isprintable() else ascii(name)


def _quoted(value: Any) -> str:
    """Bounded, whatever it is."""
    if isinstance(value, str):
        return ascii(_cut(value)) if not value.isprintable() else repr(_cut(value))
    if isinstance(value, (bool, float)) or value is None:
        return repr(value)
    if isinstance(value, int):
        return repr(value) if abs(value) <= MAX_NUMBER else "a large number"
    return f"a {type(value).__name__}"


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN // 2] + "[...]" + text[-_SHOWN // 2 :]
