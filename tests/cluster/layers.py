"""Bundles whose requirement says where it was imported from: a layer, or what the pod has installed for itself.

With the project withdrawn from the index a pod can have it from a layer alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from tests.cluster.bundles import cpu_bundle
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

FROM_LAYER, INSTALLED = "/modelbundle/layer/", "/modelbundle/requirements/"
PREDICT = """
import {project}

def load(model):
    def predict(x, y):
        return [{project}.version, {project}.__file__]
    return predict
"""
_LOOKED_AT = "deployments,configmaps,services,jobs,pods"


def requiring(store: Store, name: str, project: str, serving: Manifest | None = None, **more: Any) -> Manifest:
    """A bundle that imports the project and answers with its version and file."""
    predict = PREDICT.format(project=project)
    return cpu_bundle(store, name, predict=predict, requirements=[f"{project}==1.0"], serving=serving, **more)


def imported_from(name: str, namespace: str) -> str:
    """The file of the requirement in the worker that answers."""

    def asked() -> list[str]:
        answer = from_host(name, namespace, {"x": 1, "y": ""}, 5)
        assert answer.status == 200, answer.value
        return list(answer.value)

    version, file = wait_for(f"an answer of {name}", asked, 60)
    assert version == "1.0"
    return file


def layer_of(name: str, namespace: str) -> Manifest:
    """`status.layer` without its time; empty where it says that there is none."""
    found = (get("modelbundle", name, namespace) or {}).get("status", {}).get("layer") or {}
    return {key: value for key, value in found.items() if key != "time"} if "uri" in found else {}


def is_in_the_store(layer: Manifest, store: Store) -> bool:
    """What was put there is what the status says of it."""
    packed = store.read(store.key(layer["uri"]))
    return len(packed) == layer["bytes"] and hashlib.sha256(packed).hexdigest() == layer["sha256"]


def key_of_config_map(name: str, namespace: str) -> Manifest:
    """What the pods of a bundle are told of its layer; empty where they are told of none."""
    data = (get("configmap", name, namespace) or {"data": {}})["data"]
    return dict(json.loads(data.get("layer.json", "{}")))


def pods_of(name: str, namespace: str) -> list[Manifest]:
    found = list_all("pods", namespace, f"modelbundle.dev/bundle={name},modelbundle.dev/digest")
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def installs_of(name: str, namespace: str) -> list[str]:
    """For each pod the digest of the layer that `install` used; empty where it has installed. Its log says the same.

    A bundle is Ready with its first pod: the others are waited for."""
    found = []
    for pod in wait_for("install of every pod to end", lambda: _with_install_over(pods_of(name, namespace)), 180):
        used = str(report_of(pod, "install").get("layer") or "")
        log = kubectl("logs", pod["metadata"]["name"], "-c", "install", namespace=namespace)
        assert re.findall(r"^the layer (\S+) has the", log, re.MULTILINE) == ([used] if used else []), log
        found.append(used)
    return found


def report_of(pod: Manifest, container: str) -> Manifest:
    """What an init container that is over has said."""
    return dict(json.loads(_container(pod, container)["terminated"]["message"]))


def _with_install_over(pods: list[Manifest]) -> list[Manifest]:
    return pods if all("terminated" in _container(pod, "install") for pod in pods) else []


def _container(pod: Manifest, container: str) -> Manifest:
    statuses = pod["status"].get("initContainerStatuses", [])
    return next((dict(each["state"]) for each in statuses if each["name"] == container), {})


def jobs_made(namespace: str) -> int:
    """How many Jobs have made a pod, those that are gone too."""
    events = list_all("events", namespace)
    made = [event["involvedObject"]["uid"] for event in events if event["reason"] == "SuccessfulCreate"
            and event["involvedObject"]["kind"] == "Job"]  # fmt: skip
    return len(set(made))


def stores_begun(namespace: str) -> int:
    """How many containers `store` were started: each makes a layer, or says why it did not."""
    begun = [event for event in list_all("events", namespace) if event["reason"] == "Started"]
    return sum(event["involvedObject"].get("fieldPath") == "spec.containers{store}" for event in begun)


def of_requirements(name: str, namespace: str) -> str:
    """The message of RequirementsReady, which is True: what became of a layer never makes it False."""
    found = condition(get("modelbundle", name, namespace), "RequirementsReady")
    assert found["status"] == "True", found
    return str(found["message"])


def next_pods(name: str, namespace: str) -> None:
    """All pods of the bundle make room for others, which are ready."""
    old = {pod["metadata"]["name"] for pod in pods_of(name, namespace)}
    kubectl("delete", "pod", *old, "--wait=false", "--grace-period=1", namespace=namespace)

    def replaced() -> bool:
        new = pods_of(name, namespace)
        ready = [pod for pod in new if condition(pod, "Ready").get("status") == "True"]
        return len(ready) == len(old) and old.isdisjoint(pod["metadata"]["name"] for pod in new)

    wait_for(f"other pods of {name}", replaced, 240)


def state_of(namespace: str) -> dict[str, Any]:
    versions = {
        f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
        for each in list_all(_LOOKED_AT, namespace)
    }
    return versions | {each["metadata"]["name"]: each.get("status") for each in list_all("mbun", namespace)}
