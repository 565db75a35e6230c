"""How a bundle is served, in the words of the client: spec.serving from replicas, cores and GPUs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from launch.errors import InvalidBundleError, WrongTypeError
from launch.kubernetes_api import pod_log, pods_of

if TYPE_CHECKING:
    from launch.connection import Connection

# the label that EKS puts on nodes, which is the one that the original selects by
GPU_TYPE_LABEL = "k8s.amazonaws.com/accelerator"
GPU_TYPE_KEY = "gpuTypeLabel"

_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?")


def serving_fields(
    *,
    replicas: Optional[int] = None,
    gpus: Optional[int] = None,
    cpus: Any = None,
    memory: Any = None,
    storage: Any = None,
    max_concurrency: Optional[int] = None,
) -> Dict[str, Any]:
    """Fields of spec.serving, those that were given. ValueError and TypeError name the argument."""
    found: Dict[str, Any] = {}
    if replicas is not None:
        found["replicas"] = _whole("replicas", replicas, 0, 10000)
    if gpus is not None:
        found["gpu"] = {"count": _whole("gpus", gpus, 0, 64)}
    resources = {"cpu": cpus, "memory": memory, "ephemeralStorage": storage}
    given = {name: _quantity(name, value) for name, value in resources.items() if value is not None}
    if given:
        found["resources"] = given
    if max_concurrency is not None:
        found["maxConcurrency"] = _whole("max_concurrency", max_concurrency, 1, 1024)
    return found


def deploy(connection: "Connection", name: str, fields: Mapping[str, Any], gpu_type: Optional[str]) -> Dict[str, Any]:
    """Patch spec.serving of the bundle; what is not named stays."""
    return connection.patch(name, {"spec": {"serving": {**fields, **node_of(connection, gpu_type)}}})


def node_of(connection: "Connection", gpu_type: Optional[str]) -> Dict[str, Any]:
    """The node selector of a GPU type, by the label that the platform engineer published, else by the original's."""
    if gpu_type is None:
        return {}
    if not isinstance(gpu_type, str):
        raise WrongTypeError(f"gpu_type must be a string, it is a {type(gpu_type).__name__}")
    label = connection.published().get(GPU_TYPE_KEY) or GPU_TYPE_LABEL
    return {"nodeSelector": {label: gpu_type}}


def logs(connection: "Connection", bundle: str, container: str, tail: Optional[int]) -> str:
    """Of each pod that is there, with its name before when there is more than one."""
    api, namespace = connection.place()
    query = {"tailLines": str(tail)} if tail is not None else {}
    pods = [pod["metadata"]["name"] for pod in pods_of(api, namespace, bundle)]
    texts = {pod: pod_log(api, namespace, pod, container, query) for pod in pods}
    if len(pods) < 2:
        return "".join(texts.values())
    return "\n".join(f"==> {pod} <==\n{text}" for pod, text in texts.items())


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongTypeError(f"{name} must be a whole number, it is {value!r}")
    if not low <= value <= high:
        raise InvalidBundleError(f"{name} must lie between {low} and {high}, it is {value}")
    return value


def _quantity(name: str, value: Any) -> str:
    """As Kubernetes writes it: 0.5 cores are 500m."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise WrongTypeError(f'{name} must be a number or a quantity such as "8Gi", it is {value!r}')
    text = f"{round(value * 1000)}m" if isinstance(value, float) else str(value)
    if not _QUANTITY.fullmatch(text):
        raise InvalidBundleError(f'{name} must be a quantity such as 2, "500m" or "8Gi", it is {value!r}')
    return text
