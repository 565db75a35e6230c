"""How long a pod took to start, phase by phase, from what the kubelet recorded. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Dict, List, Mapping, Optional

_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def phases(pod: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """`name`, and `begin` and `seconds` since the pod was created; only what is over, in the order of time.

    After a restart the kubelet no longer says how long the first start took, so the worker's is left out then.
    """
    status = pod.get("status") or {}
    created = _moment(pod["metadata"].get("creationTimestamp"))
    if created is None:
        return []
    scheduled = _since(status, "PodScheduled")
    prepare, install, worker = (_state(status, name) for name in ("prepare", "install", "worker"))
    first = _moment((prepare or install or worker or {}).get("startedAt"))
    spans = [
        ("waited for a node", created, scheduled),
        ("images and volumes", scheduled, first),
        ("prepare", _moment(prepare.get("startedAt")), _moment(prepare.get("finishedAt"))),
        ("install", _moment(install.get("startedAt")), _moment(install.get("finishedAt"))),
        ("load", _moment(worker.get("startedAt")), None if worker.get("again") else _since(status, "Ready")),
    ]
    return [
        {"name": name, "begin": (begin - created).total_seconds(), "seconds": (end - begin).total_seconds()}
        for name, begin, end in spans
        if begin is not None and end is not None and end >= begin >= created
    ]


def _state(status: Mapping[str, Any], name: str) -> Dict[str, Any]:
    """The times of a container's present state; {} where it has none."""
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    for state in states:
        if state.get("name") == name:
            times = next(iter((state.get("state") or {}).values()), None) or {}
            return {**times, "again": bool(state.get("restartCount"))}
    return {}


def _since(status: Mapping[str, Any], kind: str) -> Optional[datetime]:
    for entry in status.get("conditions") or []:
        if entry.get("type") == kind and entry.get("status") == "True":
            return _moment(entry.get("lastTransitionTime"))
    return None


def _moment(stamp: Any) -> Optional[datetime]:
    try:
        return datetime.strptime(str(stamp), _FORMAT)
    except ValueError:
        return None
