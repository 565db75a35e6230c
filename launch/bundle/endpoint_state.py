"""How an endpoint is and what serves it, in the original's words. Pure."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from bundle_spec.names import ConditionType, Reason
from launch.bundle.conditions import conditions


def endpoint_status(found: Mapping[str, Any]) -> str:
    """One of the original's words for how an endpoint is."""
    if found["metadata"].get("deletionTimestamp"):
        return "DELETE_IN_PROGRESS"
    known = {name: entry["status"] for name, entry in conditions(found).items()}
    if not known:
        return "UPDATE_PENDING"
    gone = conditions(found).get(ConditionType.READY, {}).get("reason") == Reason.BUNDLE_NOT_FOUND
    if known.get(ConditionType.STALLED) == "True" or gone:
        return "UPDATE_FAILED"
    settled = (found.get("status") or {}).get("bundle") == found["spec"]["bundle"]
    return "READY" if known.get(ConditionType.READY) == "True" and settled else "UPDATE_IN_PROGRESS"


def resources_of(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """What each pod of the bundle has; None where it is left to the operator."""
    serving = (bundle.get("spec") or {}).get("serving") or {}
    resources = serving.get("resources") or {}
    return {
        "cpus": resources.get("cpu"),
        "memory": resources.get("memory"),
        "storage": resources.get("ephemeralStorage"),
        "gpus": (serving.get("gpu") or {}).get("count"),
        "gpu_type": next(iter((serving.get("nodeSelector") or {}).values()), None),
        "forwarder_max_concurrency": serving.get("maxConcurrency"),
    }


def replicas_of(bundle: Mapping[str, Any]) -> Dict[str, Any]:
    """How many pods are wanted and ready."""
    wanted = ((bundle.get("spec") or {}).get("serving") or {}).get("replicas")
    ready = (bundle.get("status") or {}).get("readyReplicas") or 0
    return {
        "min_workers": wanted,
        "max_workers": wanted,
        "available_workers": ready,
        "unavailable_workers": max(0, (wanted or 0) - ready),
    }
