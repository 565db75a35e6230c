"""One start, measured: from the command until the first answer, or until one more pod is ready."""

from __future__ import annotations

import json
import os
import time
from datetime import datetime
from typing import Any

from tools.benchmarks.cold_start.pods import Taken, Watch
from tools.testkit.call import post
from tools.testkit.kubectl import Manifest, apply, kubectl, list_all

LIMIT = 600.0
LOOK_SECONDS = 0.02
JOB_CONTAINERS = ("prepare", "install", "store")  # in the order in which they run
PAUSE_BYTES = 1 << 20
_OF_A_JOB = "batch.kubernetes.io/job-name"

Found = dict[str, Any]


class NotStarted(Exception):
    """No answer in time."""


def until_answered(manifests: list[Manifest], namespace: str, selector: str, watch: Watch) -> Found:
    """`kubectl apply` of them; the last one is, or makes, a Service of its own name."""
    name = manifests[-1]["metadata"]["name"]
    os.sync()  # what the start before has written is no work of this one
    began = time.monotonic()
    apply(*manifests, namespace=namespace)
    url = f"http://{_address(name, namespace, began + LIMIT)}/predict"
    while not _answers(url):
        _end_in_time(name, began)
        time.sleep(LOOK_SECONDS)
    return {"seconds": time.monotonic() - began, **_of_pods(namespace, selector, watch, began)}


def until_second(name: str, namespace: str, selector: str, watch: Watch) -> Found:
    """One replica more of a bundle that serves."""
    os.sync()
    began = time.monotonic()
    kubectl("scale", "modelbundle", name, "--replicas=2", namespace=namespace)
    ready = "--for=jsonpath={.status.readyReplicas}=2"
    kubectl("wait", ready, f"deployment/{name}", f"--timeout={LIMIT:.0f}s", namespace=namespace, timeout=LIMIT + 10)
    return {"seconds": time.monotonic() - began, **_of_pods(namespace, selector, watch, began)}


def gone(namespace: str) -> None:
    """Deletes what was started there and waits until no pod is left."""
    kubectl("delete", "modelbundles", "--all", namespace=namespace)
    kubectl("delete", "deployments,services,configmaps", "-l", "app", namespace=namespace)
    end = time.monotonic() + LIMIT
    while list_all("pods", namespace):
        if time.monotonic() > end:
            raise NotStarted(f"pods in {namespace} are left after {LIMIT:.0f} s")
        time.sleep(0.2)


def held_seconds(pod: Manifest) -> float:
    """From when a node took the pod, and with it a GPU, until it was ready; Kubernetes says both in whole seconds."""
    at = {each["type"]: each["lastTransitionTime"] for each in pod["status"]["conditions"] if each["status"] == "True"}
    scheduled, ready = (datetime.fromisoformat(at[kind]) for kind in ("PodScheduled", "Ready"))
    return (ready - scheduled).total_seconds()


def _of_pods(namespace: str, selector: str, watch: Watch, began: float) -> Found:
    """Of the newest pod that serves, and of the Job's before it where there was one: its operator deletes a Job that is
    over, so that its pod is what else has begun."""
    pods = [each for each in list_all("pods", namespace, selector) if _OF_A_JOB not in each["metadata"]["labels"]]
    pod = max(pods, key=lambda each: each["metadata"]["creationTimestamp"])
    found: Found = {"held": held_seconds(_ready(pod, namespace))}
    kinds = ("initContainerStatuses", "containerStatuses")
    statuses = [status for kind in kinds for status in pod["status"].get(kind) or []]
    names = {status.get("containerID", "").rpartition("/")[2]: status["name"] for status in statuses}
    taken = watch.of(pod["metadata"]["uid"])
    containers = {names[id]: memory for id, memory in taken.containers.items() if id in names}
    found |= {"bytes": taken.received, "sent": taken.sent, "memory": taken.memory, "memoryOf": containers}
    ours = {each["metadata"]["uid"] for each in pods}
    for uid, of_job in watch.begun_after(began).items():
        if uid not in ours:
            found |= {"jobBytes": of_job.received, "jobSent": of_job.sent, "jobMemory": of_job.memory}
            found["jobMemoryOf"] = in_order(of_job)
    return found


def in_order(job: Taken) -> dict[str, int]:
    """The memory of a Job's containers, which run one after another; the pause container holds next to none."""
    held = [memory for memory in job.containers.values() if memory > PAUSE_BYTES]
    return dict(zip(JOB_CONTAINERS, held, strict=False))


def _ready(pod: Manifest, namespace: str) -> Manifest:
    """The pod once Kubernetes says that it is ready, which an answer may be a moment before."""
    name = pod["metadata"]["name"]
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s", namespace=namespace)
    return dict(json.loads(kubectl("get", "pod", name, "-o", "json", namespace=namespace)))


def _address(name: str, namespace: str, end: float) -> str:
    look = ("get", "service", name, "-o", "jsonpath={.spec.clusterIP}", "--ignore-not-found")
    while not (found := kubectl(*look, namespace=namespace)):
        if time.monotonic() > end:
            raise NotStarted(f"there is no Service {name}")
    return found


def _answers(url: str) -> bool:
    try:
        return post(url, {"x": 2}, timeout=1).status == 200
    except (OSError, ValueError):
        return False


def _end_in_time(name: str, began: float) -> None:
    if time.monotonic() - began > LIMIT:
        raise NotStarted(f"{name} has not answered within {LIMIT:.0f} s")
