"""Bundles as lists and as a page: what `modelbundle list` and `describe` print, and the same for programs. Pure."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Mapping, Optional, Sequence

from bundle_spec.names import OWNER
from launch.api.records import moment
from launch.bundle.conditions import conditions
from launch.bundle.naming import created_at, display_name
from launch.bundle.startup import startup_json, startup_rows, startup_title
from launch.lineage.family import ancestors
from launch.lineage.tree import health
from launch.table import table

HEADS = ("NAME", "ID", "READY", "REASON", "REPLICAS", "GPUS", "AGE")
WIDE = ("DIGEST", "IMAGE", "OWNER")


def bundles_table(bundles: Sequence[Mapping[str, Any]], now: float, wide: bool) -> str:
    """`now` in seconds since 1970."""
    return table(
        HEADS + (WIDE if wide else ()), [_row(bundle, now) + (_wide(bundle) if wide else []) for bundle in bundles]
    )


def bundle_json(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """The facts of a row, in full."""
    status, (ready, reason) = bundle.get("status") or {}, health(bundle)
    return {
        "name": display_name(bundle),
        "id": bundle["metadata"]["name"],
        "namespace": bundle["metadata"].get("namespace"),
        "ready": ready,
        "reason": reason,
        "replicas": _serving(bundle).get("replicas", 1),
        "readyReplicas": status.get("readyReplicas") or 0,
        "digest": status.get("digest"),
        "image": status.get("image"),
        "owner": (bundle["metadata"].get("annotations") or {}).get(OWNER),
        "createdAt": moment(created_at(bundle)),
    }


def page(
    bundle: Mapping[str, Any],
    endpoints: Sequence[Mapping[str, Any]],
    pods: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]],
    now: float,
    loaded: Optional[Mapping[str, Any]] = None,
    building: str = "",
) -> str:
    """The page of one bundle: its facts, start, conditions, pods and events; `now` in seconds since 1970, `loaded` what
    its worker says of its load, `building` the last line of the Job for which it waits."""
    status, metadata = bundle.get("status") or {}, bundle["metadata"]
    facts = {
        "Name": display_name(bundle),
        "ID": metadata["name"],
        "Namespace": metadata.get("namespace"),
        "Owner": (metadata.get("annotations") or {}).get(OWNER),
        "Created": moment(created_at(bundle)),
        "Digest": status.get("digest"),
        "Image": status.get("image"),
        "Derived from": " <- ".join(ancestors(bundle)),
        "URL": (status.get("endpoint") or {}).get("url"),
        "Building": building,
        "Endpoints": ", ".join(found["metadata"]["name"] for found in endpoints),
    }
    width = max(map(len, facts)) + 2
    lines = [f"{name + ':':{width}}{value}" for name, value in facts.items() if value]
    if (start := startup_json(bundle, loaded)) is not None:
        lines += _part(startup_title(start), ("PART", "TIME", "", "WHAT HAPPENED"), startup_rows(start))
    lines += _part("Conditions", ("TYPE", "STATUS", "REASON", "MESSAGE"), _conditions(bundle))
    lines += _part("Pods", ("NAME", "READY", "PHASE", "RESTARTS", "AGE"), [_pod(pod, now) for pod in pods])
    lines += _part("Events", ("AGE", "TYPE", "REASON", "MESSAGE"), [_event(event, now) for event in events])
    return "\n".join(lines)


def age(stamp: Any, now: float) -> str:
    """As kubectl writes it: 5s, 3m, 4h, 12d."""
    try:
        then = datetime.strptime(str(stamp)[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc).timestamp()
    except ValueError:
        return "?"
    seconds = max(0, int(now - then))
    for unit, length in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


def _row(bundle: Mapping[str, Any], now: float) -> List[str]:
    (ready, reason), wanted = health(bundle), _serving(bundle).get("replicas", 1)
    there = (bundle.get("status") or {}).get("readyReplicas") or 0
    gpus = (_serving(bundle).get("gpu") or {}).get("count", 1)
    since = age(moment(created_at(bundle)), now)
    return [display_name(bundle), bundle["metadata"]["name"], ready, reason, f"{there}/{wanted}", str(gpus), since]


def _wide(bundle: Mapping[str, Any]) -> List[str]:
    status = bundle.get("status") or {}
    owner = (bundle["metadata"].get("annotations") or {}).get(OWNER)
    return [str(status.get("digest") or ""), str(status.get("image") or ""), str(owner or "")]


def _serving(bundle: Mapping[str, Any]) -> Mapping[str, Any]:
    return bundle["spec"].get("serving") or {}


def _conditions(bundle: Mapping[str, Any]) -> List[List[str]]:
    return [
        [name, entry["status"], str(entry.get("reason") or ""), " ".join(str(entry.get("message") or "").split())]
        for name, entry in conditions(bundle).items()
    ]


def _pod(pod: Mapping[str, Any], now: float) -> List[str]:
    status = pod.get("status") or {}
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    lasting = [state for state in states if state["name"] in ("server", "worker")]
    ready = sum(1 for state in lasting if state.get("ready"))
    restarts = sum(state.get("restartCount") or 0 for state in states)
    metadata = pod["metadata"]
    return [
        metadata["name"],
        f"{ready}/{len(lasting)}",
        "Terminating" if metadata.get("deletionTimestamp") else str(status.get("phase") or ""),
        str(restarts),
        age(metadata.get("creationTimestamp"), now),
    ]


def _event(event: Mapping[str, Any], now: float) -> List[str]:
    stamp = event.get("lastTimestamp") or event.get("eventTime") or event["metadata"].get("creationTimestamp")
    message = " ".join(str(event.get("message") or event.get("note") or "").split())
    return [age(stamp, now), str(event.get("type") or ""), str(event.get("reason") or ""), message]


def _part(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> List[str]:
    if not rows:
        return ["", f"{title}: none"]
    return ["", f"{title}:", *("  " + line for line in table(heads, rows).splitlines())]
