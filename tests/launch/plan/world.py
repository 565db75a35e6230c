"""A plan's facts where all is well, for the tables of tests."""

from __future__ import annotations

from typing import Any

from launch.bundle.content import content_of_object
from launch.doctor.facts import yes
from launch.plan.facts import Facts
from tests.launch.families import root

SERVING = {"replicas": 1, "gpu": {"count": 1}}
STARTUP = {"scheduled": 1, "images": 3, "prepare": 3, "load": 13, "ready": 20}


def node(name: str = "n1", gpus: str = "1", **status: Any) -> dict[str, Any]:
    allocatable = {"cpu": "8", "memory": "32Gi", "pods": "110", "nvidia.com/gpu": gpus}
    ready = [{"type": "Ready", "status": "True"}]
    return {
        "metadata": {"name": name, "labels": {}},
        "spec": {},
        "status": {"allocatable": allocatable, "conditions": ready, **status},
    }


def placed(name: str = "p1", where: str = "n1", kind: str = "ReplicaSet") -> dict[str, Any]:
    """A pod of the bundle that has a GPU of the node."""
    asked = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    return {
        "metadata": {"name": name, "ownerReferences": [{"kind": kind, "name": "r", "controller": True}]},
        "spec": {"nodeName": where, "containers": [asked]},
        "status": {"phase": "Running"},
    }


def facts(bundle: dict[str, Any] | None = None, **more: Any) -> Facts:
    made = bundle or root("sentiment")
    known: dict[str, Any] = {"bundles": [], "settings": {}, "size": 3 * 1024**3, "nodes": [node()], "pods": [],
                             "own_pods": [], "quotas": [], "deployed": False}  # fmt: skip
    return Facts(
        made["metadata"]["name"], "models", yes("admitted"), **{"serving": SERVING, "content": content_of_object(made),
                                                              **known, **more}
    )  # fmt: skip


def with_status(bundle: dict[str, Any], **status: Any) -> dict[str, Any]:
    return {**bundle, "status": {**bundle["status"], **status}}
