"""For how many pods a cluster's nodes have room, and what keeps the others from it. Pure.

What the scheduler looks at first: taints, the nodeSelector, and what is free of each resource.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Union

from bundle_spec.quantity import amount_or_zero
from launch.doctor.nodes import tolerated
from launch.plan.pod import Amounts, Wanted, requests_of

TAINT = "the taint "  # what lacks tolerations begins with it
_ENOUGH = 10_000
_LEAVES_OUT = ("NoSchedule", "NoExecute")


class Room(NamedTuple):
    """`pods` by the node that has room for so many; `lacking` says in words what the other nodes lack."""

    pods: Mapping[str, int]
    lacking: Sequence[str]

    @property
    def total(self) -> int:
        """On all nodes together."""
        return sum(self.pods.values())


def room_for(wanted: Wanted, nodes: Sequence[Mapping[str, Any]], pods: Sequence[Mapping[str, Any]]) -> Room:
    """With what these pods, which run on the nodes, leave free."""
    found: Dict[str, int] = {}
    lacking: "Counter[str]" = Counter()
    for node in nodes:
        name = str(node["metadata"]["name"])
        fits = _fits(wanted, node, [pod for pod in pods if (pod.get("spec") or {}).get("nodeName") == name])
        if isinstance(fits, int):
            found[name] = fits
        else:
            lacking[fits] += 1
    return Room(found, [f"{count} {'node' if count == 1 else 'nodes'}: {why}" for why, count in lacking.most_common()])


def _fits(wanted: Wanted, node: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> Union[int, str]:
    """For how many pods it has room, or why for none."""
    spec, status, labels = node.get("spec") or {}, node.get("status") or {}, node["metadata"].get("labels") or {}
    if spec.get("unschedulable"):
        return "cordoned"
    if not _is_ready(status):
        return "not Ready"
    for name, value in wanted.selector.items():
        if labels.get(name) != value:
            return f"not of the nodeSelector {name}={value}"
    for taint in spec.get("taints") or []:
        if taint.get("effect") in _LEAVES_OUT and not tolerated(taint, wanted.tolerations):
            value = f"={taint['value']}" if taint.get("value") else ""
            return f"{TAINT}{taint.get('key')}{value}:{taint.get('effect')} is not tolerated"
    return _count(wanted.requests, status.get("allocatable") or {}, pods)


def _count(asked: Amounts, allocatable: Mapping[str, Any], pods: Sequence[Mapping[str, Any]]) -> Union[int, str]:
    taken: List[Amounts] = [requests_of(pod.get("spec") or {}) for pod in pods]
    slots = allocatable.get("pods")
    fits = _ENOUGH if slots is None else int(amount_or_zero(slots)) - len(taken)
    if fits < 1:
        return f"it has {len(taken)} pods, and takes no more"
    for name, needed in sorted(asked.items(), key=lambda item: "/" not in item[0]):  # GPUs first: they are scarce
        if needed <= 0:
            continue
        most = amount_or_zero(allocatable.get(name, 0))
        free = most - sum((each.get(name, Decimal(0)) for each in taken), Decimal(0))
        if free < needed:
            has = f"{shown(name, max(free, Decimal(0)))} of {shown(name, most)} {name} free" if most else f"no {name}"
            return f"{has}, {shown(name, needed)} needed"
        fits = min(fits, int(free / needed))
    return fits


def shown(name: str, number: Decimal) -> str:
    """As people write it: memory in Gi or Mi."""
    if name in ("memory", "ephemeral-storage"):
        unit, size = ("Gi", Decimal(1024**3)) if number >= 1024**3 else ("Mi", Decimal(1024**2))
        return f"{float(number / size):.4g}{unit}"
    return f"{float(number):g}"


def _is_ready(status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions") or []
    return all(each.get("status") == "True" for each in conditions if each.get("type") == "Ready")
