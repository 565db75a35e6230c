"""A family as text and as JSON: its shape, the health of each bundle, and what each clone changed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Dict, List, Optional, Tuple

from bundle_spec.json_path import write
from bundle_spec.names import ConditionType
from launch.bundle.conditions import conditions
from launch.bundle.content import known_content
from launch.bundle.differences import Difference, differences
from launch.lineage.family import Member
from launch.table import table

HEADS = ("NAME", "READY", "REASON", "DIGEST", "CHANGED")
SHORT_DIGEST, SHORT_VALUE, DIFFERENCES_SHOWN = 16, 40, 3

Row = Tuple[str, str, str, str, str]


def tree_text(roots: Sequence[Member]) -> str:
    """A table of the families, each clone below its base."""
    return table(HEADS, [row for root in roots for row in _rows(root, "", "")])


def tree_json(member: Member) -> Dict[str, Any]:
    """A member and its clones, as `tree -o json` prints them."""
    node: Dict[str, Any] = {"name": member.name}
    if member.bundle is None:
        node["missing"] = "deleted" if member.was_there else "not there"
    else:
        ready, reason = health(member.bundle)
        node.update({"ready": ready, "reason": reason, "digest": (member.bundle.get("status") or {}).get("digest")})
        if member.parent is not None:
            found = edge(member)
            changed = (
                _recorded_changes(member) if found is None else list(dict.fromkeys(item.path[0] for item in found))
            )
            node["changed"] = changed
            node["differences"] = None if found is None else [entry.as_json() for entry in found]
    return {**node, "clones": [tree_json(clone) for clone in member.clones]}


def health(bundle: Mapping[str, Any]) -> Tuple[str, str]:
    """Status and reason of Ready."""
    ready = conditions(bundle).get(ConditionType.READY, {})
    return str(ready.get("status", "Unknown")), str(ready.get("reason", ""))


def edge(member: Member) -> Optional[List[Difference]]:
    """What differs between the parent and this clone; None where one of the two is not known."""
    if member.bundle is None or member.parent is None or member.parent.bundle is None:
        return None
    base, clone = known_content(member.parent.bundle), known_content(member.bundle)
    return None if base is None or clone is None else differences(base.fields, clone.fields)


def summary(found: Sequence[Difference]) -> str:
    """In one line: the values of a few differences, the fields of many."""
    if not found:
        return "nothing"
    if len(found) > DIFFERENCES_SHOWN:
        fields = [str(entry.path[0]) for entry in found]
        counts = {name: fields.count(name) for name in fields}
        return ", ".join(name if count == 1 else f"{name} ({count} values)" for name, count in counts.items())
    return ", ".join(_short(entry) for entry in found)


def shown(value: Any, longest: int = SHORT_VALUE) -> str:
    """A value as text, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= longest else text[: longest - 4] + " ..."


def _rows(member: Member, prefix: str, below: str) -> List[Row]:
    rows = [_row(member, prefix)]
    for clone in member.clones:
        last = clone is member.clones[-1]
        rows += _rows(clone, below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "))
    return rows


def _row(member: Member, prefix: str) -> Row:
    if member.bundle is None:
        return (prefix + member.name, "-", "(deleted)" if member.was_there else "(not there)", "", "")
    ready, reason = health(member.bundle)
    digest = str((member.bundle.get("status") or {}).get("digest") or "").partition(":")[2][:SHORT_DIGEST]
    found = edge(member)
    recorded = _recorded_changes(member)
    changed = summary(found) if found is not None else "?" if recorded is None else ", ".join(recorded) or "nothing"
    return (prefix + member.name, ready, reason, digest, changed if member.parent else "")


def _recorded_changes(member: Member) -> Optional[List[str]]:
    """What the operator saw when both were there; None where it has not resolved the clone."""
    changed: Optional[List[str]] = (((member.bundle or {}).get("status") or {}).get("lineage") or {}).get("changed")
    return changed


def _short(entry: Difference) -> str:
    path = write(entry.path)
    if entry.change == "added":
        return f"{path} = {shown(entry.after)}"
    if entry.change == "removed":
        return f"{path} removed"
    return f"{path}: {shown(entry.before)} -> {shown(entry.after)}"
