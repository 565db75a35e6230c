"""Which resource can stand for a GPU: an extended one, which has a domain in its name. Pure, and Python 3.8+."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# would be a limit of so many cores, which a pod can run with
_RUNS = ("cpu",)


def check_gpu_resource(serving: Mapping[str, Any]) -> None:
    """ValueError when pods with GPUs are asked for, by a resource with which none can start."""
    gpu = serving.get("gpu") or {}
    name = gpu.get("resourceName") or "nvidia.com/gpu"
    if "/" in name or name in _RUNS or gpu.get("count") == 0 or serving.get("replicas") == 0:
        return
    raise ValueError(
        f"spec.serving.gpu.resourceName is {name}, which cannot stand for a GPU: name the device plugin's"
        " resource, such as nvidia.com/gpu, or set spec.serving.gpu.count to 0 to serve on CPU"
    )
