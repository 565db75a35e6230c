"""What each container asks for and may use.

The runtime's containers are small and fixed: a twentieth of a core is more than a thousand small requests a second. The
worker has what the user wrote; without a word a little is asked for, so that the scheduler has something to count, and
nothing is limited, as any guess would kill some model.
"""

from typing import Any

from bundle_spec.request_size import MIB, server_memory
from modelbundle_operator.api.names import Serving
from modelbundle_operator.api.serving import ServerResources

_SMALL = {"cpu": "50m", "memory": "128Mi"}
_UNSET_CPU = "250m"
_UNSET_MEMORY = "512Mi"


def prepare_resources() -> dict[str, Any]:
    """What prepare asks for and may use."""
    return {"requests": dict(_SMALL), "limits": {"memory": "1Gi"}}


def server_resources(serving: Serving) -> dict[str, Any]:
    """No CPU limit: throttling would show as latency. Memory holds a few of the largest bodies, parsed."""
    asked = serving.server_resources or ServerResources()
    memory = str(_server_memory(serving.max_request_bytes) if asked.memory is None else asked.memory)
    requests = dict(_SMALL)
    if asked.cpu is not None:
        requests["cpu"] = str(asked.cpu)
    if asked.memory is not None:  # which may be less than what is asked for otherwise
        requests["memory"] = memory
    return {"requests": requests, "limits": {"memory": memory}}


def _server_memory(max_request_bytes: int) -> str:
    """Whole MiB, or Gi, as people write it."""
    mebibytes = -(-server_memory(max_request_bytes) // MIB)
    return f"{mebibytes}Mi" if mebibytes % 1024 else f"{mebibytes // 1024}Gi"


def worker_resources(serving: Serving, gpu: bool) -> dict[str, Any]:
    """GPUs as limits only: Kubernetes makes the request equal. `gpu=False` is for install, which needs none."""
    asked = serving.resources
    requests: dict[str, str] = {"cpu": _UNSET_CPU, "memory": _UNSET_MEMORY}
    limits: dict[str, str] = {}
    if asked is not None:
        if asked.cpu is not None:
            requests["cpu"] = str(asked.cpu)
        if asked.memory is not None:
            requests["memory"] = limits["memory"] = str(asked.memory)
        if asked.ephemeral_storage is not None:
            requests["ephemeral-storage"] = limits["ephemeral-storage"] = str(asked.ephemeral_storage)
    if gpu and serving.gpu.count:
        limits[serving.gpu.resource_name] = str(serving.gpu.count)
    return {"requests": requests, **({"limits": limits} if limits else {})}
