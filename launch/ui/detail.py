"""The page of one bundle: facts, conditions, history, pods, children and YAML, each in a bounded size. Pure."""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, Sequence

from bundle_spec.names import OWNER
from launch.bundle.conditions import conditions
from launch.bundle.manifest import dump_objects
from launch.lineage.family import ancestors
from launch.ui.phases import phases
from launch.ui.rows import bundle_row, clipped

LONGEST_MESSAGE = 8 * 1024
LONGEST_YAML = 256 * 1024
MOST_EVENTS, MOST_ANCESTORS = 100, 50
_KUBECTLS_COPY = "kubectl.kubernetes.io/last-applied-configuration"
STARTS = ("prepare", "install", "worker", "server")


def bundle_page(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """What the object itself says."""
    status, metadata = bundle.get("status") or {}, bundle["metadata"]
    return {
        "row": bundle_row(bundle),
        "facts": {
            "owner": clipped((metadata.get("annotations") or {}).get(OWNER)),
            "imageID": clipped(status.get("imageID")),
            "requirements": clipped(status.get("requirements")),
            "url": clipped((status.get("endpoint") or {}).get("url")),
            "ancestors": [clipped(name) for name in ancestors(bundle)[:MOST_ANCESTORS]],
        },
        "conditions": [_condition(entry) for entry in conditions(bundle).values()],
    }


def history(conditions_shown: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """The last change of each condition among the events, the newest first."""
    changes = [
        {
            "time": entry["since"],
            "what": "condition",
            "type": f"{entry['type']}={entry['status']}",
            "reason": entry["reason"],
            "message": entry["message"],
            "count": 1,
        }
        for entry in conditions_shown
        if entry["since"]
    ]
    found = [*changes, *(_event(event) for event in events)]
    return sorted(found, key=lambda entry: str(entry["time"]), reverse=True)[:MOST_EVENTS]


def pod_line(pod: Mapping[str, Any]) -> Dict[str, Any]:
    """A pod with its containers, in the order in which they start."""
    metadata, status = pod["metadata"], pod.get("status") or {}
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    containers = [_container(state) for state in states]
    order = {name: place for place, name in enumerate(STARTS)}
    return {
        "name": str(metadata["name"]),
        "phase": "Terminating" if metadata.get("deletionTimestamp") else clipped(status.get("phase")),
        "node": clipped((pod.get("spec") or {}).get("nodeName")),
        "createdAt": str(metadata.get("creationTimestamp") or ""),
        "message": clipped(status.get("message") or _why_pending(status), LONGEST_MESSAGE),
        "restarts": sum(container["restarts"] for container in containers),
        "phases": phases(pod),
        "containers": sorted(containers, key=lambda container: order.get(container["name"], len(order))),
    }


def child_line(child: Mapping[str, Any]) -> Dict[str, Any]:
    """An object that the operator made, or why it is not known."""
    if "error" in child:
        return {"plural": child["plural"], "error": clipped(child["error"])}
    metadata = child["metadata"]
    return {
        "plural": child["plural"],
        "name": clipped(metadata["name"]),
        "createdAt": clipped(metadata.get("creationTimestamp")),
    }


def yaml_of(bundle: Mapping[str, Any]) -> str:
    """The object without its status and what the API server keeps for itself."""
    metadata = {name: value for name, value in bundle["metadata"].items() if name != "managedFields"}
    annotations = {name: value for name, value in (metadata.get("annotations") or {}).items() if name != _KUBECTLS_COPY}
    metadata.update({"annotations": annotations} if annotations else {})
    shown = {**{name: bundle.get(name) for name in ("apiVersion", "kind")}, "metadata": metadata}
    text = dump_objects([{**shown, "spec": bundle.get("spec")}])
    if len(text) <= LONGEST_YAML:
        return text
    return text[:LONGEST_YAML] + "\n# cut here: kubectl get -o yaml prints the rest\n"


def _condition(entry: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "type": clipped(entry.get("type")),
        "status": clipped(entry.get("status")),
        "reason": clipped(entry.get("reason")),
        "message": clipped(entry.get("message"), LONGEST_MESSAGE),
        "since": clipped(entry.get("lastTransitionTime")),
    }


def _event(event: Mapping[str, Any]) -> Dict[str, Any]:
    series = event.get("series") or {}
    stamp = series.get("lastObservedTime") or event.get("lastTimestamp") or event.get("eventTime")
    return {
        "time": clipped(stamp or event["metadata"].get("creationTimestamp")),
        "what": "event",
        "type": clipped(event.get("type")),
        "reason": clipped(event.get("reason")),
        "message": clipped(event.get("message") or event.get("note"), LONGEST_MESSAGE),
        "count": series.get("count") or event.get("count") or 1,
    }


def _container(state: Mapping[str, Any]) -> Dict[str, Any]:
    kind = next(iter(state.get("state") or {}), "waiting")
    now: Mapping[str, Any] = (state.get("state") or {}).get(kind) or {}
    last = (state.get("lastState") or {}).get("terminated") or {}
    return {
        "name": str(state.get("name") or ""),
        "state": "ready" if state.get("ready") and kind == "running" else kind,
        "reason": clipped(now.get("reason")),
        "message": clipped("\n".join(filter(None, (_said(now), _said(last)))), LONGEST_MESSAGE),
        "startedAt": clipped(now.get("startedAt")),
        "finishedAt": clipped(now.get("finishedAt")),
        "restarts": state.get("restartCount") or 0,
        "hasPrevious": bool(last),
    }


def _said(run: Mapping[str, Any]) -> str:
    """What a container says of its run; of our own containers' reports in JSON the message alone."""
    message = str(run.get("message") or "")
    try:
        report = json.loads(message)
    except (ValueError, RecursionError):
        return message
    return str(report.get("message") or "") if isinstance(report, dict) and "reason" in report else message


def _why_pending(status: Mapping[str, Any]) -> str:
    """The scheduler's words, while no node has the pod."""
    for entry in status.get("conditions") or []:
        if entry.get("type") == "PodScheduled" and entry.get("status") == "False":
            return str(entry.get("message") or "")
    return ""
