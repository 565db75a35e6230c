"""The operator's pods: which of them works, their processes, and what each wrote by the API server's audit log."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.cluster.audit import WRITES
from tools.testkit.kubectl import Manifest, get, kubectl, list_all, wait_for

SYSTEM = "modelbundle-system"
LABEL = "app.kubernetes.io/name=modelbundle-operator"
LEASE = "modelbundle-operator"


def operator_pods(namespace: str = SYSTEM) -> list[Manifest]:
    """Those that are not on their way out."""
    return [pod for pod in list_all("pods", namespace, LABEL) if not pod["metadata"].get("deletionTimestamp")]


def holder(namespace: str = SYSTEM) -> str:
    """Who has the Lease, by the pod's name and a part of each process's own; empty where it was given back."""
    lease = get("lease", LEASE, namespace) or {}
    return str(lease.get("spec", {}).get("holderIdentity", ""))


def leader(namespace: str = SYSTEM) -> Manifest:
    """The pod that works."""

    def found() -> Manifest | None:
        name = holder(namespace).rpartition("_")[0]
        return next((pod for pod in operator_pods(namespace) if pod["metadata"]["name"] == name), None)

    return wait_for("a pod of the operator that works", found, 60)


def operator_logs(namespace: str = SYSTEM, *, tail: int = -1) -> str:
    return kubectl("logs", "-l", LABEL, "--prefix", f"--tail={tail}", namespace=namespace)


def operator_ready() -> None:
    kubectl("rollout", "status", "deployment/modelbundle-operator", "--timeout=180s", namespace=SYSTEM, timeout=190)


def metric(pod: Manifest, name: str) -> float:
    """One line of a pod's metrics, by its name with its labels; 0 while it is absent."""
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}:8081/proxy/metrics"
    lines = kubectl("get", "--raw", path).splitlines()
    return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{name} ")), 0.0)


def process_of(pod: Manifest) -> int:
    """The operator's process, recognised by its cgroup, which carries the pod's uid."""
    uid = pod["metadata"]["uid"]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            cgroup = (process / "cgroup").read_text().replace("_", "-")
            command = (process / "cmdline").read_bytes()
        except OSError:  # it ended meanwhile
            continue
        if uid in cgroup and b"modelbundle_operator" in command:
            return int(process.name)
    raise LookupError(f"no process of pod {uid} on this machine")


def restarts(pod: str) -> int:
    statuses = (get("pod", pod, SYSTEM) or {}).get("status", {}).get("containerStatuses", [])
    return sum(status["restartCount"] for status in statuses)


def operator_restarts() -> int:
    """Of all of its pods that stay, together; one whose containers have not begun has none."""
    statuses = [status for pod in operator_pods() for status in pod["status"].get("containerStatuses", [])]
    return sum(status["restartCount"] for status in statuses)


def writes_by_pod(calls: Iterable[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Writes that took place, the Lease's apart, in the order in which they came; each with its pod's name."""
    wrote = [
        event
        for event in calls
        if event["verb"] in WRITES
        and event["responseStatus"]["code"] < 400
        and event.get("objectRef", {}).get("resource") != "leases"
    ]
    wrote.sort(key=lambda event: event["requestReceivedTimestamp"])
    return [(event["user"]["extra"]["authentication.kubernetes.io/pod-name"][0], event) for event in wrote]


def kill_operator() -> None:
    """SIGKILL by this machine's process id; on another cluster the nearest thing is to delete the pod by force."""
    pod = leader()
    if os.environ.get("CLUSTER"):
        kubectl("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force", namespace=SYSTEM)
    else:
        before = restarts(pod["metadata"]["name"])
        os.kill(process_of(pod), signal.SIGKILL)
        wait_for("the container to restart", lambda: restarts(pod["metadata"]["name"]) > before, 120)
    operator_ready()
