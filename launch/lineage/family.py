"""The family tree of bundles: who was cloned from whom, bundles that are gone included. Pure.

A clone keeps in its status which bundle it was made from, by name and uid. So a parent that was deleted still has its
place in the tree, and another bundle that later took its name is not mistaken for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

# name, and the uid of a bundle that exists or existed; "" where only the name is known
Key = Tuple[str, str]


@dataclass(eq=False)  # one is itself, whatever it holds
class Member:
    """One bundle of a family; without `bundle` it is gone, or was never there."""

    name: str
    bundle: Optional[Mapping[str, Any]] = None
    parent: Optional[Member] = None
    clones: List[Member] = field(default_factory=list)
    was_there: bool = True

    def line(self) -> List[Member]:
        """This one and its ancestors, the nearest first."""
        found: List[Member] = []
        member: Optional[Member] = self
        while member is not None and member not in found:
            found.append(member)
            member = member.parent
        return found


def families(bundles: Iterable[Mapping[str, Any]]) -> List[Member]:
    """The roots of all families, each with its clones, in the order of creation."""
    known = {bundle["metadata"]["name"]: Member(bundle["metadata"]["name"], bundle) for bundle in _in_order(bundles)}
    gone: Dict[Key, Member] = {}
    for member in list(known.values()):
        _attach(member, known, gone)
    members = [*known.values(), *gone.values()]
    roots = [member for member in members if member.parent is None]
    reached = set(_below(roots))
    for member in members:  # clones of each other have no root: the oldest stands for it
        if member not in reached:
            assert member.parent is not None
            member.parent.clones.remove(member)
            member.parent = None
            roots.append(member)
            reached |= set(_below([member]))
    return sorted(roots, key=lambda member: _age(_first(member)))


def member_named(roots: Iterable[Member], name: str) -> Optional[Member]:
    """The bundle that has this name now."""
    return next((member for member in _below(roots) if member.name == name and member.bundle is not None), None)


def ancestors(bundle: Mapping[str, Any]) -> List[str]:
    """Names of the bundles it was derived from, the nearest first, as far as it is known."""
    status = bundle.get("status") or {}
    recorded = (status.get("resolved") or {}).get("ancestors")
    if recorded:
        return list(recorded)
    parent = (status.get("lineage") or {}).get("parent") or (bundle["spec"]["bundle"].get("cloneFrom") or {}).get(
        "name"
    )
    return [parent] if parent else []


def _attach(member: Member, known: Mapping[str, Member], gone: Dict[Key, Member]) -> None:
    """Hang the bundle below its parent; what is gone between it and the first that is there gets a place too."""
    bundle = member.bundle or {}
    base = ((bundle.get("status") or {}).get("resolved") or {}).get("base") or {}
    uid = str(base.get("uid", ""))  # the line is known by name, the nearest by uid too
    for name in ancestors(bundle):
        there = known.get(name)
        if there is not None and there is not member and uid in ("", _uid(there)):
            _adopt(there, member)
            return
        if (name, uid) in gone:
            _adopt(gone[name, uid], member)
            return
        gone[name, uid] = Member(name, was_there=bool(base))
        _adopt(gone[name, uid], member)
        member, uid = gone[name, uid], ""


def _uid(member: Member) -> str:
    return str(member.bundle["metadata"].get("uid", "")) if member.bundle else ""


def _adopt(parent: Member, member: Member) -> None:
    member.parent = parent
    parent.clones.append(member)


def _below(roots: Iterable[Member]) -> List[Member]:
    """Each with all its clones, in the order in which a tree is printed."""
    found: Dict[Member, None] = {}
    left = list(roots)[::-1]
    while left:
        member = left.pop()
        if member not in found:
            found[member] = None
            left += member.clones[::-1]
    return list(found)


def _first(member: Member) -> Member:
    """The member itself, or the first of its clones that exists."""
    return next((found for found in _below([member]) if found.bundle is not None), member)


def _in_order(bundles: Iterable[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    return sorted(
        bundles, key=lambda bundle: (bundle["metadata"].get("creationTimestamp") or "", bundle["metadata"]["name"])
    )


def _age(member: Member) -> Tuple[str, str]:
    metadata = member.bundle["metadata"] if member.bundle else {}
    return (metadata.get("creationTimestamp") or "", member.name)
