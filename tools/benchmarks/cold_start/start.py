"""One start, measured: from the command until the first answer, or until one more pod is ready."""

from __future__ import annotations

import json
import time
from datetime import datetime

from tools.testkit.call import post
from tools.testkit.kubectl import Manifest, apply, kubectl, list_all

LIMIT = 600.0
LOOK_SECONDS = 0.02


class NotStarted(Exception):
    """No answer in time."""


def until_answered(manifests: list[Manifest], namespace: str, selector: str) -> dict[str, float]:
    """`kubectl apply` of them; the last one is, or makes, a Service of its own name."""
    name = manifests[-1]["metadata"]["name"]
    began = time.monotonic()
    apply(*manifests, namespace=namespace)
    url = f"http://{_address(name, namespace, began + LIMIT)}/predict"
    while not _answers(url):
        _end_in_time(name, began)
        time.sleep(LOOK_SECONDS)
    return {"seconds": time.monotonic() - began, **_of_pod(namespace, selector)}


def until_second(name: str, namespace: str, selector: str) -> dict[str, float]:
    """One replica more of a bundle that serves."""
    began = time.monotonic()
    kubectl("scale", "modelbundle", name, "--replicas=2", namespace=namespace)
    ready = "--for=jsonpath={.status.readyReplicas}=2"
    kubectl("wait", ready, f"deployment/{name}", f"--timeout={LIMIT:.0f}s", namespace=namespace, timeout=LIMIT + 10)
    return {"seconds": time.monotonic() - began, **_of_pod(namespace, selector)}


def gone(namespace: str, *kinds_and_names: str) -> None:
    """Deletes them and waits until no pod is left."""
    kubectl("delete", *kinds_and_names, "--wait", namespace=namespace)
    end = time.monotonic() + LIMIT
    while list_all("pods", namespace):
        if time.monotonic() > end:
            raise NotStarted(f"pods of {', '.join(kinds_and_names)} are left after {LIMIT:.0f} s")
        time.sleep(0.5)


def held_seconds(pod: Manifest) -> float:
    """From when a node took the pod, and with it a GPU, until it was ready; Kubernetes says both in whole seconds."""
    at = {each["type"]: each["lastTransitionTime"] for each in pod["status"]["conditions"] if each["status"] == "True"}
    scheduled, ready = (datetime.fromisoformat(at[kind]) for kind in ("PodScheduled", "Ready"))
    return (ready - scheduled).total_seconds()


def received(net_dev: str) -> int:
    """Bytes that came in, by /proc/net/dev of the pod, its loopback aside."""
    rows = (line.split(":", 1) for line in net_dev.splitlines() if ":" in line)
    return sum(int(numbers.split()[0]) for interface, numbers in rows if interface.strip() != "lo")


def _of_pod(namespace: str, selector: str) -> dict[str, float]:
    pod = max(list_all("pods", namespace, selector), key=lambda each: each["metadata"]["creationTimestamp"])
    container = pod["spec"]["containers"][0]["name"]
    read = ("exec", pod["metadata"]["name"], "-c", container, "--", "cat", "/proc/net/dev")
    return {"held": held_seconds(_ready(pod, namespace)), "bytes": received(kubectl(*read, namespace=namespace))}


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
