"""What happened between two rows of one object, as a line: how moves and failures are seen as they come. Pure."""

from __future__ import annotations

from typing import List, Optional

from bundle_spec.names import ENDPOINT_PLURAL
from launch.ui.rows import Row


def happened(plural: str, before: Optional[Row], after: Optional[Row]) -> str:
    """Empty where nothing did that is worth a line."""
    if before is None or after is None:
        return "created" if after else "deleted"
    lines = _moved(before, after) if plural == ENDPOINT_PLURAL else _scaled(before, after)
    if (before["health"], before["reason"]) != (after["health"], after["reason"]):
        reason = f" ({after['reason']})" if after["reason"] and after["reason"] != after["health"] else ""
        lines.append(f"{before['health']} → {after['health']}{reason}")
    return "; ".join(lines)


def _scaled(before: Row, after: Row) -> List[str]:
    lines = []
    if before["replicas"] != after["replicas"]:
        lines.append(f"{after['replicas']} replicas are asked for, it was {before['replicas']}")
    if before["readyReplicas"] != after["readyReplicas"]:
        lines.append(f"{after['readyReplicas']} of {after['replicas']} replicas answer")
    return lines


def _moved(before: Row, after: Row) -> List[str]:
    lines = []
    if before["bundle"] != after["bundle"]:
        lines.append(f"is to move from {before['bundle']} to {after['bundle']}")
    moving = after["moving"]
    if moving and moving != before["moving"]:
        until = f" until {moving['until']}" if moving["until"] else ""
        old = f"; connections that are open may stay with {moving['from']}{until}" if moving["from"] else ""
        lines.append(f"new connections go to {moving['to']}{old}")
    if after["active"] and before["active"] != after["active"]:
        lines.append(f"{after['active']} alone answers")
    return lines
