"""Asks what a plan needs of the API server and the store; what may not be asked, or is not answered, is Unknown."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from launch.cluster.api import checked
from launch.cluster.reading import absent_is_none, all_items
from launch.cluster.transport import call

SECONDS = 10.0  # of each request
_RUNNING = "status.phase!=Succeeded,status.phase!=Failed"


def nodes_of(api: Any) -> List[Mapping[str, Any]]:
    """All nodes of the cluster."""
    return _items(api, "/api/v1/nodes", "the nodes")


def placed_pods(api: Any) -> List[Mapping[str, Any]]:
    """The pods of all namespaces that have a node and are not over."""
    found = _items(api, "/api/v1/pods", "the pods of all namespaces", {"fieldSelector": _RUNNING})
    return [pod for pod in found if pod["spec"].get("nodeName")]


def quotas_of(api: Any, namespace: str) -> List[Mapping[str, Any]]:
    """The ResourceQuotas of the namespace."""
    return _items(api, f"/api/v1/namespaces/{checked(namespace)}/resourcequotas", "the ResourceQuotas")


def is_deployed(api: Any, namespace: str, name: str) -> bool:
    """Whether a Deployment of this name is there."""
    path = f"/apis/apps/v1/namespaces/{checked(namespace)}/deployments/{checked(name)}"
    return absent_is_none(lambda: call(api, "GET", path, f"the Deployment {name}", seconds=SECONDS)) is not None


def _items(api: Any, path: str, what: str, query: Optional[Mapping[str, str]] = None) -> List[Mapping[str, Any]]:
    return all_items(api, path, what, {"limit": "500", **(query or {})}, SECONDS)
