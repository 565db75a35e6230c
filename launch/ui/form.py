"""The form to try a bundle with: a field for each part of a request, by the request schema. Pure.

A schema may be anybody's: at most so many fields, choices and values are made of it, however it refers to itself.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Tuple

from bundle_spec.json_schema import resolve
from launch.bundle.content import known_content
from launch.ui.rows import clipped

MOST_FIELDS, MOST_CHOICES, MOST_VALUES = 50, 100, 200
MOST_STEPS, DEEPEST = 10, 6
LONGEST_TEXT = 4000
INPUTS = ("integer", "number", "string", "boolean")


def form(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """`fields` of the request, none where the schema is not one of an object; `text` is a request to begin with."""
    schema = _schema(bundle)
    root = _plain(schema, schema)
    named = root.get("properties")
    if not isinstance(named, Mapping) or not named or len(named) > MOST_FIELDS:
        return {"fields": [], "text": _text(_Sample(schema).of(schema)) if schema else "{}"}
    listed = root.get("required")
    required = [name for name in listed if name in named] if isinstance(listed, list) else []
    names = [*dict.fromkeys(required), *(name for name in named if name not in required)]  # a document keeps no order
    fields = [_field(str(name), named[name], schema, name in required) for name in names]
    return {"fields": fields, "text": "{}"}


def _schema(bundle: Mapping[str, Any]) -> Any:
    content = known_content(bundle)
    return content.fields.get("requestSchema") if content else None


def _field(name: str, part: Any, root: Any, is_required: bool) -> Dict[str, Any]:
    found, may_be_null = _without_null(_plain(part, root), root)
    kind, choices = found.get("type"), found.get("enum")
    shown = [_text(choice) for choice in choices] if isinstance(choices, list) and len(choices) <= MOST_CHOICES else []
    return {
        "name": name,
        "kind": "choice" if shown else kind if kind in INPUTS else "json",
        "required": is_required,
        "null": may_be_null,
        "title": clipped(found.get("title")),
        "description": clipped(found.get("description")),
        "choices": shown,
        "text": _text(_Sample(root).of(part)) if is_required or "default" in found else "",
    }


def _plain(part: Any, root: Any) -> Mapping[str, Any]:
    """The schema behind its references; {} where they lead nowhere."""
    for _ in range(MOST_STEPS):
        if not isinstance(part, Mapping):
            return {}
        if not isinstance(part.get("$ref"), str):
            return part
        found = resolve(root, part["$ref"])
        part = found.value if found else None
    return {}


def _without_null(part: Mapping[str, Any], root: Any) -> Tuple[Mapping[str, Any], bool]:
    """Of what may be null too, as Optional makes it, the other branch."""
    branches = part.get("anyOf")
    if isinstance(branches, list) and len(branches) == 2:
        plain = [_plain(branch, root) for branch in branches]
        others = [branch for branch in plain if branch.get("type") != "null"]
        if len(others) == 1:
            about = {name: part[name] for name in ("title", "description", "default") if name in part}
            return {**others[0], **about}, True
    return part, False


def _text(value: Any) -> str:
    """As JSON; empty where it is long."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, RecursionError):
        return ""
    return text if len(text) <= LONGEST_TEXT else ""


class _Sample:
    """Values that fit a schema for the most part, at most so many of them."""

    def __init__(self, root: Any) -> None:
        self._root, self._left = root, MOST_VALUES

    def of(self, part: Any, depth: int = 0) -> Any:
        self._left -= 1
        found, _ = _without_null(_plain(part, self._root), self._root)
        for name in ("const", "default"):
            if name in found:
                return found[name]
        for name in ("examples", "enum"):
            if isinstance(found.get(name), list) and found[name]:
                return found[name][0]
        if self._left <= 0 or depth > DEEPEST:
            return None
        return self._by_type(found, depth)

    def _by_type(self, found: Mapping[str, Any], depth: int) -> Any:
        kind = found.get("type", "object" if "properties" in found else None)
        if kind == "object":
            named = found.get("properties")
            named = named if isinstance(named, Mapping) else {}
            wanted: List[Any] = found["required"] if isinstance(found.get("required"), list) else list(named)
            made: Dict[str, Any] = {}
            for name in wanted:
                if self._left <= 0:
                    break
                made[str(name)] = self.of(named.get(name, {}), depth + 1)
            return made
        if kind == "array":
            return [self.of(found.get("items", {}), depth + 1)]
        if kind in ("integer", "number"):
            least = found.get("minimum")
            return least if isinstance(least, (int, float)) and least > 1 else 1
        return {"string": "text", "boolean": True}.get(str(kind))
