"""What nodes say of themselves. Pure."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Optional, Sequence

from launch.doctor.facts import Node


def offered(nodes: List[Mapping[str, Any]]) -> Mapping[str, str]:
    """What nodes have to give beside their own kinds of resources: "8 on 2 nodes" by name."""
    counts: Dict[str, List[int]] = {}
    for node in nodes:
        for name, quantity in _own_resources(node).items():
            counts.setdefault(name, []).append(quantity)
    return {
        name: f"{sum(found)} on {len(found)} node{'s' if len(found) > 1 else ''}"
        for name, found in sorted(counts.items())
    }


def _own_resources(node: Mapping[str, Any]) -> Dict[str, int]:
    """Those that no node has of itself: devices."""
    allocatable = (node.get("status") or {}).get("allocatable") or {}
    return {
        name: int(quantity)
        for name, quantity in allocatable.items()
        if "/" in name and "kubernetes.io/" not in name and str(quantity).isdigit() and int(quantity)
    }


def node_of(node: Mapping[str, Any]) -> Node:
    """What decides whether pods of bundles may run there."""
    spec, status = node.get("spec") or {}, node.get("status") or {}
    taints: List[Mapping[str, Any]] = [
        {name: str(value) for name, value in taint.items()} for taint in spec.get("taints") or []
    ]
    architecture = str((status.get("nodeInfo") or {}).get("architecture", "unknown"))
    return Node(architecture, taints, list(_own_resources(node)))


def pod_tolerations(setting: str) -> Optional[List[Mapping[str, Any]]]:
    """Of all pods, by the operator's setting; None where it cannot be read: with that no operator starts."""
    try:
        found = json.loads(setting or "[]")
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else None


def tolerated(taint: Mapping[str, Any], tolerations: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of them is for this taint."""
    for one in tolerations:
        exists = one.get("operator") == "Exists"
        if one.get("effect") not in (None, "", taint.get("effect")):
            continue
        if one.get("key") in (None, "") and exists:
            return True
        if one.get("key") == taint.get("key") and (exists or (one.get("value") or "") == (taint.get("value") or "")):
            return True
    return False
