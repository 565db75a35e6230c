"""Which bundle of a line set a field's value last. Pure.

The content of a deleted ancestor is gone, only its name is known. What its clones keep (which fields they changed) and
the nearest ancestor that is still there often settle the question all the same; where they do not, all that it can have
been are named.
"""

from __future__ import annotations

from typing import Any, List, NamedTuple, Optional

from bundle_spec.json_path import Path
from launch.bundle.content import Content, content_of_object, known_content
from launch.bundle.differences import CONFIG, CONFIG_JSON, MISSING, same, value_at
from launch.lineage.family import Member


class Blame(NamedTuple):
    """One candidate: it is certain. `before` is the value in `base`, the nearest ancestor that had another."""

    value: Any
    candidates: List[Member]
    base: Optional[Member]
    before: Any


def blame(member: Member, path: Path) -> Optional[Blame]:
    """None where the value is not set and no ancestor is known that had it.

    ContentError when the bundle itself is not resolved.
    """
    line = member.line()
    assert member.bundle is not None
    value = value_at(content_of_object(member.bundle).fields, path)
    at = 0
    while True:
        upper = next((index for index in range(at + 1, len(line)) if _content(line[index])), None)
        content = _content(line[upper]) if upper is not None else None
        if upper is not None and content and same(value_at(content.fields, path), value):
            at = upper
            continue
        before = value_at(content.fields, path) if content else MISSING
        between = line[at + 1 : upper]  # gone, all of them
        changed = bool(between) and _changed(line[at], path)
        if value is MISSING and upper is None and not (changed and len(path) == 1):  # a whole field that it cleared
            return None
        sure = not between or changed
        return Blame(value, [line[at]] if sure else between, line[upper] if upper is not None else None, before)


def _content(member: Member) -> Optional[Content]:
    return None if member.bundle is None else known_content(member.bundle)


def _changed(member: Member, path: Path) -> bool:
    """Whether the clone itself changed the field, as the operator saw it when both were there."""
    recorded = (((member.bundle or {}).get("status") or {}).get("lineage") or {}).get("changed") or []
    return (CONFIG if path[0] == CONFIG_JSON else path[0]) in recorded
