"""The pod template: four containers, their volumes, and a pod that Pod Security `restricted` admits."""

from typing import Any

from modelbundle_operator.api.names import ANNOTATION_ROLLOUT_TOKEN, ModelBundle, Serving
from modelbundle_operator.api.resources import Quantity, SizeLimits
from modelbundle_operator.bundle.naming import child_labels
from modelbundle_operator.bundle.resolve import Resolution
from modelbundle_operator.render.claim import claim_volumes
from modelbundle_operator.render.containers import install, prepare, server, worker
from modelbundle_operator.render.layers import layer_volumes
from modelbundle_operator.render.placement import author_placement
from modelbundle_operator.render.surroundings import beside, group, pod_annotations, pod_labels, trust_volumes
from modelbundle_operator.render.volumes import author_volumes
from modelbundle_operator.settings import Settings

FS_GROUP = 65530
GRACE_MARGIN_SECONDS = 5
DEFAULT_SHM = "2Gi"
SOCKET_LIMIT = "16Mi"  # sockets take no room: whatever fills this directory is not a socket

_SAFE_TO_EVICT = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"


def pod_template(bundle: ModelBundle, resolution: Resolution, settings: Settings) -> dict[str, Any]:
    """What the Deployment makes pods of."""
    serving = bundle.spec.serving
    init = [prepare(bundle, resolution, settings)]
    if resolution.document.get("requirements"):
        init.append(install(bundle, resolution, settings))
    init.append(server(bundle, resolution, settings))
    own = [*own_volumes(bundle), *layer_volumes(serving, resolution)]
    return {
        "metadata": {
            "labels": {
                **pod_labels(serving, settings),
                **child_labels(bundle.metadata.name, resolution.digest, resolution.lineage.root),
            },
            "annotations": {
                **({_SAFE_TO_EVICT: _on_disk(own)} if serving.safe_to_evict else {}),
                **pod_annotations(serving, settings),
                "kubectl.kubernetes.io/default-container": "worker",
                **_token(serving),
            },
        },
        "spec": {
            **confined(settings),
            "terminationGracePeriodSeconds": grace_seconds(serving, settings),
            **beside(_placement(serving), settings),
            **author_placement(bundle),
            "initContainers": init,
            "containers": [worker(bundle, resolution, settings)],
            "volumes": [
                *own,
                *trust_volumes(settings),
                *claim_volumes(resolution.uri),
                *author_volumes(serving),
            ],
        },
    }


def confined(settings: Settings) -> dict[str, Any]:
    """What keeps a pod within its walls."""
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            **group(FS_GROUP, settings),
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def grace_seconds(serving: Serving, settings: Settings) -> int:
    """Endpoints follow, then the longest request ends, then a little for the rest."""
    if serving.termination_grace_period_seconds is not None:
        return serving.termination_grace_period_seconds
    return settings.drain_seconds + serving.request_timeout_seconds + GRACE_MARGIN_SECONDS


def _token(serving: Serving) -> dict[str, str]:
    """Makes a new token a new template also where the rest of it comes out the same."""
    return {ANNOTATION_ROLLOUT_TOKEN: serving.rollout.token} if serving.rollout.token else {}


def _placement(serving: Serving) -> dict[str, Any]:
    tolerations = [item.model_dump(by_alias=True, exclude_none=True) for item in serving.tolerations or []]
    if serving.gpu.count:  # GPU nodes are usually tainted with the resource's name
        wanted_taints = [{"key": key, "operator": "Exists"} for key in gpu_taints(serving.gpu.resource_name)]
        tolerations += [gpu for gpu in wanted_taints if gpu not in tolerations]
    wanted = {
        "nodeSelector": dict(serving.node_selector or {}),
        "tolerations": tolerations,
        "priorityClassName": serving.priority_class_name,
        "runtimeClassName": serving.runtime_class_name,
        "schedulerName": serving.scheduler_name,
        "serviceAccountName": serving.service_account_name,
        "imagePullSecrets": [{"name": secret.name} for secret in serving.image_pull_secrets or []],
    }
    return {name: value for name, value in wanted.items() if value}


def gpu_taints(resource: str) -> tuple[str, ...]:
    """Of its nodes. A slice of a GPU (nvidia.com/mig-1g.5gb, nvidia.com/gpu.shared) has its node's taint."""
    sliced = resource.startswith(("nvidia.com/mig-", "nvidia.com/gpu."))
    return (resource, "nvidia.com/gpu") if sliced else (resource,)


def own_volumes(bundle: ModelBundle) -> list[dict[str, Any]]:
    """Those that every pod has; only some containers see each."""
    resources = bundle.spec.serving.resources
    most = bundle.spec.serving.size_limits or SizeLimits()
    shm = resources.memory if resources and resources.memory is not None else DEFAULT_SHM
    return [
        {"name": "config", "configMap": {"name": bundle.metadata.name}},
        {"name": "bundle", "emptyDir": _at_most(most.artifact)},
        {"name": "requirements", "emptyDir": _at_most(most.requirements)},
        {"name": "socket", "emptyDir": {"sizeLimit": SOCKET_LIMIT}},
        {"name": "tmp", "emptyDir": _at_most(most.tmp)},
        {"name": "install-tmp", "emptyDir": _at_most(most.requirements)},
        {"name": "runtime-tmp", "emptyDir": {}},
        {"name": "shm", "emptyDir": {"medium": "Memory", **_at_most(shm if most.shm is None else most.shm)}},
    ]


def _on_disk(volumes: list[dict[str, Any]]) -> str:
    """Those for which the cluster autoscaler would keep a node. What is in them is fetched, installed or compiled
    again."""
    return ",".join(each["name"] for each in volumes if each.get("emptyDir", {"medium": ""}).get("medium") is None)


def _at_most(size: Quantity | None) -> dict[str, str]:
    return {} if size is None else {"sizeLimit": str(size)}
