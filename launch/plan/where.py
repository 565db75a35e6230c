"""The lines of a plan about where it is to run: is there room, is there room for one pod more. Pure."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional, Union

from launch.doctor.facts import Finding, Unknown, no, yes
from launch.doctor.nodes import pod_tolerations
from launch.plan.facts import Facts, not_looked_at
from launch.plan.nodes import TAINT, Room, room_for, shown
from launch.plan.pod import Wanted, wanted_of
from launch.plan.what_runs import UNKNOWN_CONTENT

_MOST_REASONS = 4


def node(facts: Facts) -> Finding:
    """Whether nodes have room for all of its pods that have none yet."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    room, wanted, missing = _room(facts), _wanted(facts), missing_pods(facts)
    needs = f"a pod asks for {_asked(wanted)}"
    if not missing:
        return yes(f"{_pods(facts.replicas)} of it {'has a node' if facts.replicas == 1 else 'have nodes'}; {needs}")
    if isinstance(room, Unknown):
        return Finding("unknown", f"{needs}; room for it was not looked at: {room.why}")
    beside = _not_looked_at(facts, wanted)
    if room.total >= missing:
        names = ", ".join(sorted(room.pods)[:3]) + (", ..." if len(room.pods) > 3 else "")
        says = f"{needs}; there is room on {len(room.pods)} of {_count(_nodes(facts))} ({names}){beside}"
        return Finding("unknown", says) if isinstance(facts.pods, Unknown) else yes(says)
    why = "; ".join(room.lacking[:_MOST_REASONS]) or "there are no nodes"
    has = f"there is room for {room.total} of {missing}" if room.total else "no node has room"
    says = f"{needs}; {has}: {why}{beside}"
    if _everywhere(facts) is None and any(TAINT in reason for reason in room.lacking):
        return Finding("unknown", says)
    return no(says, "free or add nodes, or ask for less (spec.serving.gpu, resources, nodeSelector, replicas)")


def rollout(facts: Facts) -> Finding:
    """Whether the pods of a changed spec.serving find room beside the present ones."""
    if facts.content is None:
        return not_looked_at(UNKNOWN_CONTENT)
    replaces = (facts.serving.get("rollout") or {}).get("whenNoCapacity") == "Replace"
    without = "an old pod goes first (whenNoCapacity: Replace)"
    if not replaces:
        without = "a change of spec.serving waits for it, and the old pods serve on (whenNoCapacity: Wait)"
    room, missing = _room(facts), missing_pods(facts)
    if isinstance(room, Unknown) or isinstance(facts.pods, Unknown):
        hidden = room if isinstance(room, Unknown) else facts.pods
        assert isinstance(hidden, Unknown)
        return Finding("unknown", f"room for one pod more was not looked at: {hidden.why}; without it {without}")
    if room.total > missing:
        return yes("there is room for one pod more: a change of spec.serving starts beside what serves")
    says = f"there is no room for one pod more: {without}"
    if replaces:
        return yes(says)
    return no(says, "spec.serving.rollout.whenNoCapacity: Replace, or room for one pod more", optional=True)


def missing_pods(facts: Facts) -> int:
    """Those that are planned for and have no node yet."""
    return max(facts.replicas - len(_placed(facts)), 0)


def _room(facts: Facts) -> Union[Room, Unknown]:
    """By all pods that run; where those may not be read, by the bundle's own."""
    if isinstance(facts.nodes, Unknown):
        return facts.nodes
    for pods in (facts.pods, facts.own_pods):
        if not isinstance(pods, Unknown):
            return room_for(_wanted(facts), facts.nodes, pods)
    return room_for(_wanted(facts), facts.nodes, [])


def _wanted(facts: Facts) -> Wanted:
    return wanted_of(facts.serving, _everywhere(facts) or [])


def _everywhere(facts: Facts) -> Optional[List[Mapping[str, Any]]]:
    """The tolerations that the operator gives every pod; None where its settings are not known."""
    return None if isinstance(facts.settings, Unknown) else pod_tolerations(facts.settings.get("POD_TOLERATIONS", ""))


def _not_looked_at(facts: Facts, wanted: Wanted) -> str:
    left = list(wanted.besides)
    if isinstance(facts.pods, Unknown):
        left.append(f"what runs on the nodes already ({facts.pods.why})")
    if _everywhere(facts) is None:
        left.append("tolerations of the operator's settings")
    return f"; not looked at: {', '.join(left)}" if left else ""


def _placed(facts: Facts) -> List[Mapping[str, Any]]:
    """Its pods that have a node and stay, those of a Job apart."""
    found = [] if isinstance(facts.own_pods, Unknown) else facts.own_pods
    return [
        pod
        for pod in found
        if (pod.get("spec") or {}).get("nodeName")
        and not pod["metadata"].get("deletionTimestamp")
        and (pod.get("status") or {}).get("phase") in ("Pending", "Running")
        and any(owner.get("kind") == "ReplicaSet" for owner in pod["metadata"].get("ownerReferences") or [])
    ]


def _nodes(facts: Facts) -> List[Mapping[str, Any]]:
    return [] if isinstance(facts.nodes, Unknown) else facts.nodes


def _asked(wanted: Wanted) -> str:
    ordered = sorted(wanted.requests.items(), key=lambda item: "/" not in item[0])
    return ", ".join(f"{shown(name, number)} {name}" for name, number in ordered if number)


def _count(nodes: List[Mapping[str, Any]]) -> str:
    return f"{len(nodes)} {'node' if len(nodes) == 1 else 'nodes'}"


def _pods(number: int) -> str:
    return "the pod" if number == 1 else f"all {number} pods"
