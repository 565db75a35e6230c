"""A stand-in for a kubelet: every pod of a bundle becomes Ready as it would on a node, that of a Job ends well, and
nothing runs.

What containers say as they end is what they would say: `store` where it has put a layer, `install` whether it has used
the one that the pod is told of, so that the operator reads what it would read. KWOK would do it too, once it is built:
this takes no compiler.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from bundle_runtime.contract.layer import LayerReference, layer_uri
from tools.testkit.rest import Api, ApiError

Body = dict[str, Any]

SELECTOR = "app.kubernetes.io/managed-by=modelbundle-operator"
NODE = "stand-in"
STARTS_IN = 0.3  # seconds: between the Deployment and the first pod that answers there is something to be seen
_HEARTBEAT_SECONDS = 10.0
_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
_PACKED = hashlib.sha256(b"a layer").hexdigest()  # of every layer: what is packed is the same each time
_addresses = itertools.count(1)


async def play(api: Api) -> None:
    """Until cancelled."""
    await _make_node(api)
    async with asyncio.TaskGroup() as group:
        group.create_task(_beat(api))
        while True:
            with suppress(ApiError, OSError):
                items, version = await api.list("pods", labelSelector=SELECTOR)
                for pod in items:
                    group.create_task(_follow(api, pod))
                async for event in api.watch("pods", version, labelSelector=SELECTOR):
                    if event["type"] in ("ADDED", "MODIFIED"):
                        group.create_task(_follow(api, event["object"]))
                    elif event["type"] == "ERROR":
                        break
            await asyncio.sleep(0.2)


async def _follow(api: Api, pod: Body) -> None:
    """A pod that is new is bound and started, one that is to go is gone; what is in between is left alone."""
    metadata = pod["metadata"]
    where = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"
    with suppress(ApiError):  # it went meanwhile
        if metadata.get("deletionTimestamp"):
            await api.call("DELETE", where, {"gracePeriodSeconds": 0, "preconditions": {"uid": metadata["uid"]}})
        elif not pod["spec"].get("nodeName"):
            target = {"apiVersion": "v1", "kind": "Node", "name": NODE}
            names = {"name": metadata["name"], "uid": metadata["uid"]}
            await api.call("POST", f"{where}/binding", {"kind": "Binding", "metadata": names, "target": target})
        elif (pod.get("status") or {}).get("phase") == "Pending":
            await asyncio.sleep(STARTS_IN)
            status = over(pod) if _is_of_a_job(pod) else ready(pod, await _told(api, pod))
            await api.merge("pods", metadata["namespace"], metadata["name"], {"status": status}, "status")


async def _told(api: Api, pod: Body) -> str:
    """The digest of the layer that stands in the pod's ConfigMap as it starts; empty where it has no room for one."""
    volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
    if "layer" not in volumes:
        return ""
    where = f"/api/v1/namespaces/{pod['metadata']['namespace']}/configmaps/{volumes['config']['configMap']['name']}"
    config = await api.call("GET", where)
    return str(json.loads((config["data"] or {}).get("layer.json", "{}")).get("digest", ""))


async def _make_node(api: Api) -> None:
    with suppress(ApiError):  # there already
        await api.create("nodes", {"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}})
    conditions = [
        {
            "type": "Ready",
            "status": "True",
            "reason": "StandIn",
            "lastHeartbeatTime": _now(),
            "lastTransitionTime": _now(),
        }
    ]
    await api.merge("nodes", "", NODE, {"status": {"conditions": conditions}}, "status")


async def _beat(api: Api) -> None:
    """Without it the node is NotReady after a minute, and so are its pods."""
    spec = {"holderIdentity": NODE, "leaseDurationSeconds": 40}
    with suppress(ApiError):
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": NODE}, "spec": spec}
        await api.call("POST", _LEASES, lease)
    while True:
        with suppress(ApiError, OSError):
            await api.merge("leases", "kube-node-lease", NODE, {"spec": {"renewTime": _now().replace("Z", ".000000Z")}})
        await asyncio.sleep(_HEARTBEAT_SECONDS)


def ready(pod: Body, layer: str = "") -> Body:
    """The status of a pod that answers; with the digest of the layer that it has its requirements from."""
    now = _now()
    number = next(_addresses)
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    types = ("PodScheduled", "Initialized", "ContainersReady", "Ready")
    return {
        "phase": "Running",
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": kind, "status": "True", "lastTransitionTime": now} for kind in types],
        "initContainerStatuses": [_status(each, now, True, layer) for each in pod["spec"].get("initContainers", [])],
        "containerStatuses": [_status(each, now, False) for each in pod["spec"]["containers"]],
    }


def over(pod: Body) -> Body:
    """The status of a pod that has done its work."""
    found = ready(pod)
    now = _now()
    types = [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}]
    return {
        **found,
        "phase": "Succeeded",
        "conditions": [{**each, "lastTransitionTime": now} for each in types],
        "containerStatuses": [_status(each, now, True) for each in pod["spec"]["containers"]],
    }


def _is_of_a_job(pod: Body) -> bool:
    return any(owner.get("kind") == "Job" for owner in pod["metadata"].get("ownerReferences") or [])


def report(container: Body, layer: str = "") -> Body:
    """What a container says as it ends well."""
    said: Body = {"reason": "Completed", "message": "", "seconds": {}}
    if container["name"] == "store":
        artifact = container["command"][container["command"].index("--beside") + 1]
        uri = layer_uri(artifact, _PACKED)
        assert uri is not None
        return said | {"layer": LayerReference(f"sha256:{_PACKED}", _PACKED, uri, 7).as_dict()}
    return said | ({"layer": layer} if layer and container["name"] == "install" else {})


def _status(container: Body, now: str, init: bool, layer: str = "") -> Body:
    ends = init and container.get("restartPolicy") != "Always"
    said = json.dumps(report(container, layer)) if ends else ""
    over = {"exitCode": 0, "reason": "Completed", "message": said, "startedAt": now, "finishedAt": now}
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": f"{container['image']}@sha256:{'0' * 64}",
        "ready": True,
        "started": not ends,
        "restartCount": 0,
        "state": {"terminated": over} if ends else {"running": {"startedAt": now}},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
