"""What a bundle's status says, as lines and as an answer to "is it there yet". Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, Tuple

from bundle_spec.names import ConditionType
from launch.errors import InvalidBundleError

TYPES = tuple(kind.value for kind in ConditionType)
ABNORMAL = (ConditionType.RECONCILING, ConditionType.STALLED)
STATUSES = ("True", "False", "Unknown")

Seen = Dict[str, Tuple[str, str, str]]


def conditions(bundle: Mapping[str, Any]) -> Dict[str, Mapping[str, Any]]:
    """By type; empty while the status speaks of an older spec, as then it says nothing about this one."""
    status = bundle.get("status") or {}
    if status.get("observedGeneration", -1) < bundle["metadata"].get("generation", 0):
        return {}
    return {condition["type"]: condition for condition in status.get("conditions") or []}


def changes(seen: Seen, bundle: Mapping[str, Any]) -> Tuple[Seen, List[str]]:
    """What differs from what was seen, one line a condition; a condition that went is said too."""
    now = {
        name: (entry["status"], entry.get("reason", ""), entry.get("message", ""))
        for name, entry in conditions(bundle).items()
    }
    lines = [_line(name, *entry) for name, entry in now.items() if seen.get(name) != entry]
    lines += [f"{name} is over" for name in seen if name not in now]
    return now, lines


def _line(name: str, status: str, reason: str, message: str) -> str:
    said = " ".join(message.split())
    return f"{name}={status} {reason}" + (f": {said}" if said else "")


def as_wanted(text: str) -> str:
    """TYPE or TYPE=STATUS as it was given; ValueError where no bundle can ever have it."""
    name, given, status = text.partition("=")
    if name not in TYPES:
        raise InvalidBundleError(f"{name!r} is not a condition of a bundle: one of {', '.join(TYPES)}")
    if given and status not in STATUSES:
        raise InvalidBundleError(f"{status!r} is not a status of {name}: one of {', '.join(STATUSES)}")
    return text


def holds(bundle: Mapping[str, Any], wanted: str) -> bool:
    """`wanted` is TYPE or TYPE=STATUS. Reconciling and Stalled are there only while they are True."""
    name, _, status = wanted.partition("=")
    known = conditions(bundle)
    absent = "False" if known and name in ABNORMAL else None
    return bool(known.get(name, {}).get("status", absent) == (status or "True"))


def stalled(bundle: Mapping[str, Any]) -> str:
    """The message of Stalled=True, or nothing."""
    condition = conditions(bundle).get(ConditionType.STALLED, {})
    if condition.get("status") != "True":
        return ""
    return f"{condition.get('reason', '')}: {condition.get('message', '')}"
