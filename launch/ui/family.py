"""A family of bundles as the page draws it: each clone behind its base, with what it changed. Pure."""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, Optional

from bundle_spec.json_path import write
from launch.bundle.differences import MISSING, Difference
from launch.lineage.family import Member, families, member_named
from launch.lineage.tree import edge, shown
from launch.ui.rows import clipped, health

MOST_MEMBERS = 100  # that are read: a bundle may have 200 KiB
MOST_CHANGES = 12  # of an edge
LONGEST_VALUE = 120


def family_page(bundles: Iterable[Mapping[str, Any]], name: str) -> List[Dict[str, Any]]:
    """The members, each after its base, whose place in the list is `parent`; empty where the bundle is not there."""
    member = member_named(families(bundles), name)
    if member is None:
        return []
    found: List[Dict[str, Any]] = []
    left: List[Any] = [(member.line()[-1], None)]
    while left and len(found) < 2 * MOST_MEMBERS:  # those that are gone have a place too
        member, parent = left.pop()
        place = len(found)
        found.append({"parent": parent, **_member(member)})
        left += [(clone, place) for clone in reversed(member.clones)]
    return found


def root_of(bundle: Mapping[str, Any]) -> str:
    """The name that the family is selected by; that of the base while the bundle is not resolved."""
    lineage = (bundle.get("status") or {}).get("lineage") or {}
    base = (bundle["spec"].get("bundle") or {}).get("cloneFrom") or {}
    return str(lineage.get("root") or base.get("name") or bundle["metadata"]["name"])


def _member(member: Member) -> Dict[str, Any]:
    node: Dict[str, Any] = {"name": clipped(member.name), "missing": "", "health": "", "changed": None, "more": 0}
    if member.bundle is None:
        node["missing"] = "deleted" if member.was_there else "not there"
        return node
    node["health"] = health(member.bundle)
    if member.parent is not None:
        changed = _changed(member)
        node["changed"] = None if changed is None else changed[:MOST_CHANGES]
        node["more"] = max(0, len(changed or ()) - MOST_CHANGES)
    return node


def _changed(member: Member) -> Optional[List[Dict[str, str]]]:
    """By the values where both are there, else by what the operator saw; None where nothing is known."""
    try:
        found = edge(member)
    except RecursionError:  # anybody may have made it
        found = None
    if found is not None:
        return [_change(entry) for entry in found]
    recorded = ((member.bundle or {}).get("status") or {}).get("lineage") or {}
    fields = recorded.get("changed")
    return None if fields is None else [{"path": clipped(field), "before": "", "after": ""} for field in fields]


def _change(entry: Difference) -> Dict[str, str]:
    return {
        "path": clipped(write(entry.path), LONGEST_VALUE),
        "before": "" if entry.before is MISSING else shown(entry.before, LONGEST_VALUE),
        "after": "" if entry.after is MISSING else shown(entry.after, LONGEST_VALUE),
    }
