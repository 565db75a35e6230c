"""How a bundle is served, in the words of the client: spec.serving from replicas, cores and GPUs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from bundle_spec.quantity import amount
from launch.errors import InvalidBundleError, WrongTypeError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

# the label that EKS puts on nodes, which is the one that the original selects by
GPU_TYPE_LABEL = "k8s.amazonaws.com/accelerator"
GPU_TYPE_KEY = "gpuTypeLabel"

_LIKE = {"cpus": '2, 0.5 or "500m"', "memory": '"8Gi"', "storage": '"16Gi"'}
LEAST_CORES, LEAST_BYTES = 1e-3, 1 << 20  # Kubernetes counts thousandths of a core


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
    resources = {
        "cpu": _cores("cpus", cpus),
        "memory": _bytes("memory", memory),
        "ephemeralStorage": _bytes("storage", storage),
    }
    given = {name: text for name, text in resources.items() if text is not None}
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


def _whole(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongTypeError(f"{name} must be a whole number, it is {value!r}")
    if not low <= value <= high:
        raise InvalidBundleError(f"{name} must lie between {low} and {high}, it is {value}")
    return value


def _cores(name: str, value: Any) -> Optional[str]:
    """As Kubernetes writes it: 0.5 cores are 500m."""
    if value is None:
        return None
    text = _number(name, value) or f"{round(value * 1000)}m"
    if _amount(name, value, text) < LEAST_CORES:
        raise InvalidBundleError(f'{name} must be a thousandth of a core ("1m") or more, it is {value!r}')
    return text


def _bytes(name: str, value: Any) -> Optional[str]:
    if value is None:
        return None
    text = _number(name, value) or str(round(value))
    if _amount(name, value, text) < LEAST_BYTES:
        raise InvalidBundleError(
            f'{name} is {value!r}, less than 1Mi: a number without a unit is bytes, write "8Gi" for eight gibibytes'
        )
    return text


def _number(name: str, value: Any) -> str:
    """The text of what is given; empty for a fraction, which each quantity writes in its own way."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise WrongTypeError(f"{name} must be a number or a quantity such as {_LIKE[name]}, it is {value!r}")
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidBundleError(f"{name} must be a number, it is {value!r}")
    return "" if isinstance(value, float) else str(value)


def _amount(name: str, value: Any, text: str) -> float:
    found = amount(text)
    if found is None:
        raise InvalidBundleError(f"{name} must be a quantity such as {_LIKE[name]}, it is {value!r}")
    return float(found)
