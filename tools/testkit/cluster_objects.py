"""Bundles and pods as the API server would hand them over, for tests of everything that reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from modelbundle_operator.api.names import LABEL_BUNDLE, LABEL_DIGEST, LABEL_MANAGED_BY, MANAGED_BY

from bundle_spec.connection_age import IDLE_OPTION

Body = dict[str, Any]

START = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
SHA256 = "0123456789abcdef" * 4
DIGEST = "sha256:" + "ab" * 32
IMAGE = "docker.io/stand-in/python:3.12"


def at(seconds: float) -> str:
    """A moment, in seconds after START, as Kubernetes writes it."""
    return (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def model_bundle(name: str = "llama", namespace: str = "models", *, serving: Body | None = None, **bundle: Any) -> Body:
    """A ModelBundle that is right, on CPU."""
    artifact = {"uri": "s3://models/llama/bundle.zip", "sha256": SHA256, "packaging": "zip"}
    spec: Body = {
        "artifact": artifact,
        "envParams": {
            "frameworkType": "custom_base_image",
            "customBaseImage": {"repository": "docker.io/stand-in/python", "tag": "3.12"},
        },
        "loadPredictFn": "predict.load",
        "loadModelFn": "model.load",
        **bundle,
    }
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}", "generation": 1},
        "spec": {"bundle": spec, "serving": {"replicas": 1, "gpu": {"count": 0}, **(serving or {})}},
    }


def pod(name: str = "llama-1", *, bundle: str = "llama", namespace: str = "models", digest: str = DIGEST,
        template: str = "t1", created: float = 0, ready: bool = False, ready_at: float = 0,
        unschedulable: str = "", unschedulable_at: float = 0, leaving: bool = False,
        idle_seconds: int | None = None, **containers: Body) -> Body:  # fmt: skip
    """A pod; `containers` are statuses by container name, made with the functions below."""
    labels = {
        LABEL_MANAGED_BY: MANAGED_BY,
        LABEL_BUNDLE: bundle,
        LABEL_DIGEST: digest.removeprefix("sha256:")[:16],
        "pod-template-hash": template,
    }
    scheduled: Body = {"type": "PodScheduled", "status": "True", "lastTransitionTime": at(created + 1)}
    if unschedulable:
        scheduled |= {"status": "False", "reason": "Unschedulable", "message": unschedulable}
        scheduled["lastTransitionTime"] = at(unschedulable_at)
    conditions = [
        scheduled,
        {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": at(ready_at or created)},
    ]
    inits = [
        {"name": n, **containers[n.replace("-", "_")]} for n in ("prepare", "install", "server") if n in containers
    ]
    mains = [{"name": n, **containers[n]} for n in ("worker", "store") if n in containers]
    metadata: Body = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "labels": labels}
    metadata |= {"creationTimestamp": at(created), "resourceVersion": "1"}
    metadata["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{bundle}-{template}", "uid": "r", "controller": True}
    ]
    if leaving:
        metadata["deletionTimestamp"] = at(created)
    worker = {"resources": {"limits": {"memory": "2Gi"}}, "env": [{"name": "MODELBUNDLE_DIGEST", "value": digest}]}
    option = [] if idle_seconds is None else [IDLE_OPTION, str(idle_seconds)]
    server = {"name": "server", "command": ["python", "-m", "bundle_runtime.server", *option]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"initContainers": [server], "containers": [{"name": "worker", **worker}]},
        "status": {
            "phase": "Pending",
            "conditions": conditions,
            "initContainerStatuses": inits,
            "containerStatuses": mains,
        },
    }


def layer(sha256: str = "ef" * 32, **more: Any) -> Body:
    """The layer beside the artifact of `model_bundle`, as container `store` reports it."""
    uri = f"s3://models/llama/layers/{sha256}.tar.zst"
    return {"digest": "sha256:" + "cd" * 32, "sha256": sha256, "uri": uri, "bytes": 3_000_000_000, **more}


def reported(finished: float = 5, **more: Any) -> Body:
    """A container that has ended well, and reports this beside."""
    message = json.dumps({"reason": "Completed", "message": "", "seconds": {}, **more})
    return ended(0, message, finished=finished)


def precheck_pod(name: str, uid: str, **more: Any) -> Body:
    """A pod of the Job of this name and uid, which tries a bundle without a GPU."""
    made = pod(f"{name}-1", **more)
    labels = made["metadata"]["labels"]
    made["metadata"]["labels"] = {label: labels[label] for label in (LABEL_MANAGED_BY, LABEL_BUNDLE)}
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid, "controller": True}
    ]
    return made


def waiting(reason: str, message: str = "", *, last: Body | None = None, restarts: int = 0) -> Body:
    state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
    return {"state": state, "lastState": last or {}, "restartCount": restarts, "ready": False, "image": IMAGE}


def running(since: float = 10, *, ready: bool = False, last: Body | None = None, restarts: int = 0) -> Body:
    state = {"running": {"startedAt": at(since)}}
    made = {"state": state, "lastState": last or {}, "restartCount": restarts, "ready": ready, "started": ready}
    return {**made, "image": IMAGE, "imageID": f"{IMAGE}@sha256:{'cd' * 32}"}


def ended(code: int, message: str = "", *, reason: str = "", started: float = 2, finished: float = 5,
          restarts: int = 0) -> Body:  # fmt: skip
    return {**_bare(), "state": over(code, message, reason=reason, started=started, finished=finished),
            "restartCount": restarts}  # fmt: skip


def over(code: int, message: str = "", *, reason: str = "", started: float = 2, finished: float = 5) -> Body:
    """A run that is over, for `last`."""
    reason = reason or ("Completed" if code == 0 else "Error")
    terminated = {"exitCode": code, "reason": reason, "startedAt": at(started), "finishedAt": at(finished)}
    return {"terminated": {**terminated, **({"message": message} if message else {})}}


def completed(message: str = '{"reason": "Completed", "message": "", "seconds": {"download": 1.25}}') -> Body:
    return ended(0, message)


def serving_pod(name: str = "llama-1", **more: Any) -> Body:
    """A pod that answers."""
    created = more.get("created", 0)
    containers = {"prepare": completed(), "server": running(6, ready=True), "worker": running(7, ready=True)}
    return pod(name, **{"ready": True, "ready_at": created + 20, **containers, **more})


def _bare() -> Body:
    return {"lastState": {}, "restartCount": 0, "ready": False, "image": IMAGE}
