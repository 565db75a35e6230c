"""The line of a plan about how long the start will take, by what starts took before. Pure."""

from __future__ import annotations

from statistics import median
from typing import Any, List, Mapping, Optional, Tuple

from launch.bundle.startup import startup_json
from launch.doctor.facts import Finding, Unknown, yes
from launch.plan.facts import Facts, not_looked_at
from launch.plan.tried import alike
from launch.plan.what_runs import UNKNOWN_CONTENT


def start(facts: Facts) -> Finding:
    """By its own last start, those of its family, or of bundles with its image; the nearest that there is."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    for who, bundles in _nearest_first(facts):
        found = [(name, start) for name, start in map(_started, bundles) if start is not None]
        if found:
            return yes(_words(who, found))
    if isinstance(facts.bundles, Unknown):
        return not_looked_at(facts.bundles)
    return yes("not known: nothing of its family or with its image has started in this namespace")


def _nearest_first(facts: Facts) -> List[Tuple[str, List[Mapping[str, Any]]]]:
    root = _root(facts)
    family = [bundle for bundle in facts.others if root and _root_of(bundle) == root]
    return [
        ("its own last start", [facts.live] if facts.live is not None else []),
        ("of its family", family),
        ("with its image and requirements", alike(facts, "envParams", "requirements")),
        ("with its image", alike(facts, "envParams")),
    ]


def _words(who: str, found: List[Tuple[str, Mapping[str, Any]]]) -> str:
    seconds = sorted(start["seconds"] for _, start in found)
    longest = max((start for _, start in found), key=lambda start: float(start["seconds"]))["slowest"]
    part = f", the longest part {longest}" if longest else ""
    if who.startswith("its"):
        return f"about {seconds[0]:.0f} s from a pod's creation, as {who}{part}"
    if len(found) == 1:
        return f"about {seconds[0]:.0f} s from a pod's creation, as {found[0][0]} {who}{part}"
    within = f"{seconds[0]:.0f} to {seconds[-1]:.0f} s"
    return f"about {median(seconds):.0f} s from a pod's creation: {len(found)} bundles {who} took {within}{part}"


def _started(bundle: Mapping[str, Any]) -> Tuple[str, Optional[Mapping[str, Any]]]:
    return str(bundle["metadata"]["name"]), startup_json(bundle)


def _root(facts: Facts) -> str:
    """The first bundle of its line, as far as it is known."""
    if facts.live is not None:
        return _root_of(facts.live)
    manifest = facts.content.manifest if facts.content is not None else {}
    base = (manifest.get("spec", {}).get("bundle", {}).get("cloneFrom") or {}).get("name")
    parent = next((bundle for bundle in facts.others if bundle["metadata"]["name"] == base), None)
    return _root_of(parent) if parent is not None else str(base or "")


def _root_of(bundle: Mapping[str, Any]) -> str:
    lineage = (bundle.get("status") or {}).get("lineage") or {}
    return str(lineage.get("root") or bundle["metadata"]["name"])
