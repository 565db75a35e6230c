"""What the page's lists show of a bundle or an endpoint: a few short texts and numbers. Pure.

The command keeps these and not the objects, so that its memory is bounded whatever the objects hold.
"""

from __future__ import annotations

from typing import Any, Dict, Mapping, Tuple

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL, ConditionType, Reason
from launch.bundle.conditions import conditions
from launch.bundle.naming import display_name

LONGEST = 500  # characters of a text; the bundle's own page has it whole
NOT_JUDGED = "No operator has reported on this version of the object yet."

Row = Dict[str, Any]
Key = Tuple[str, str]


def row_of(plural: str, item: Mapping[str, Any]) -> Row:
    """The row of an object of this kind."""
    return {PLURAL: bundle_row, ENDPOINT_PLURAL: endpoint_row}[plural](item)


def key_of(row: Row) -> Key:
    """Namespace and name."""
    return row["namespace"], row["name"]


def bundle_row(bundle: Mapping[str, Any]) -> Row:
    """Its health, its size, and its place in a family."""
    spec, status = bundle.get("spec") or {}, bundle.get("status") or {}
    lineage, serving = status.get("lineage") or {}, spec.get("serving") or {}
    base = (spec.get("bundle") or {}).get("cloneFrom") or {}
    return {
        **_common(bundle),
        "shown": clipped(display_name(bundle)),
        "replicas": serving.get("replicas", 1),
        "readyReplicas": status.get("readyReplicas") or 0,
        "image": clipped(status.get("image")),
        "digest": clipped(status.get("digest")),
        "root": clipped(lineage.get("root")),
        "base": clipped(lineage.get("parent") or base.get("name")),
    }


def endpoint_row(endpoint: Mapping[str, Any]) -> Row:
    """Its health, what is to answer, what answers, and the move between the two."""
    status = endpoint.get("status") or {}
    moving = status.get("moving") or {}
    return {
        **_common(endpoint),
        "bundle": clipped((endpoint.get("spec") or {}).get("bundle")),
        "active": clipped(status.get("bundle")),
        "moving": {name: clipped(moving.get(name)) for name in ("from", "to", "until")} if moving else None,
        "url": clipped((status.get("endpoint") or {}).get("url")),
    }


def health(item: Mapping[str, Any]) -> str:
    """One word: Ready, Stored, Updating, Starting, Failing, Stalled, Deleting or Unknown."""
    if item["metadata"].get("deletionTimestamp"):
        return "Deleting"
    known = conditions(item)
    ready = known.get(ConditionType.READY)
    if ready is None:
        return "Unknown"
    if _is_true(known, ConditionType.STALLED):
        return "Stalled"
    if ready.get("status") == "True":
        if _is_true(known, ConditionType.RECONCILING):
            return "Updating"
        return "Stored" if ready.get("reason") == Reason.STORED else "Ready"
    return "Failing" if ready.get("status") == "False" and not _is_starting(known, ready) else "Starting"


def clipped(value: Any, longest: int = LONGEST) -> str:
    """As one text of bounded length; empty for None."""
    text = "" if value is None else str(value)
    return text if len(text) <= longest else text[: longest - 4] + " ..."


def _common(item: Mapping[str, Any]) -> Row:
    metadata = item["metadata"]
    ready = conditions(item).get(ConditionType.READY) or {"message": NOT_JUDGED}
    return {
        "namespace": str(metadata.get("namespace") or ""),
        "name": str(metadata["name"]),
        "version": str(metadata.get("resourceVersion") or metadata.get("generation") or ""),
        "createdAt": str(metadata.get("creationTimestamp") or ""),
        "health": health(item),
        "reason": clipped(ready.get("reason")),
        "message": clipped(ready.get("message")),
    }


def _is_true(known: Mapping[str, Mapping[str, Any]], kind: str) -> bool:
    return (known.get(kind) or {}).get("status") == "True"


def _is_starting(known: Mapping[str, Mapping[str, Any]], ready: Mapping[str, Any]) -> bool:
    return _is_true(known, ConditionType.RECONCILING) and ready.get("reason") in (Reason.PROGRESSING, Reason.MOVING)
