"""What each container asks for and may use.

The runtime's containers are small and fixed: a twentieth of a core is more than a thousand small requests a second. The
worker has what the user wrote; without a word a little is asked for, so that the scheduler has something to count, and
nothing is limited, as any guess would kill some model. Where CPU is to be limited, it is so for every container: a
quota on limits.cpu admits no pod with one that has none.
"""

from typing import Any

from bundle_spec.quantity import amount
from bundle_spec.request_size import MIB, server_memory
from modelbundle_operator.api.names import Serving
from modelbundle_operator.api.resources import PrepareResources, Quantity, ServerResources

_SMALL = {"cpu": "50m", "memory": "128Mi"}
_UNSET_CPU = "250m"
_UNSET_MEMORY = "512Mi"
_LIMITED_SERVER_CPU = "1"


def prepare_resources(serving: Serving) -> dict[str, Any]:
    """What prepare asks for and may use. It is over before the worker starts, and so may use as much CPU."""
    asked = serving.prepare_resources or PrepareResources()
    made: dict[str, Any] = {"requests": dict(_SMALL), "limits": {"memory": "1Gi"}}
    if asked.memory is not None:
        made["requests"]["memory"] = made["limits"]["memory"] = str(asked.memory)
    limit = _most(_worker_limit(serving), asked.cpu)
    made["requests"]["cpu"] = _least(asked.cpu if asked.cpu is not None else _SMALL["cpu"], limit)
    return _limited(made, limit)


def server_resources(serving: Serving) -> dict[str, Any]:
    """No CPU limit, unless there has to be one: throttling shows as latency. Memory holds a few of the largest bodies,
    parsed."""
    asked = serving.server_resources or ServerResources()
    memory = str(_server_memory(serving.max_request_bytes) if asked.memory is None else asked.memory)
    requests = dict(_SMALL)
    if asked.memory is not None:  # which may be less than what is asked for otherwise
        requests["memory"] = memory
    limit = asked.cpu_limit
    if limit is None and _worker_limit(serving) is not None:
        limit = _most(_LIMITED_SERVER_CPU, asked.cpu)
    requests["cpu"] = _least(asked.cpu if asked.cpu is not None else _SMALL["cpu"], limit)
    return _limited({"requests": requests, "limits": {"memory": memory}}, limit)


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
        requests["cpu"] = _least(asked.cpu if asked.cpu is not None else _UNSET_CPU, asked.cpu_limit)
        if asked.memory is not None:
            requests["memory"] = limits["memory"] = str(asked.memory)
        if asked.ephemeral_storage is not None:
            requests["ephemeral-storage"] = limits["ephemeral-storage"] = str(asked.ephemeral_storage)
        if asked.cpu_limit is not None:
            limits["cpu"] = str(asked.cpu_limit)
    if gpu and serving.gpu.count:
        limits[serving.gpu.resource_name] = str(serving.gpu.count)
    return {"requests": requests, **({"limits": limits} if limits else {})}


def precheck_resources(serving: Serving) -> dict[str, Any]:
    """Of install in a Job of its own: it may use as much as in the pod, and asks for less, so that a node takes it."""
    made = worker_resources(serving, gpu=False)
    asked = {
        "cpu": _least(_UNSET_CPU, made["requests"]["cpu"]),
        "memory": _least(_UNSET_MEMORY, made["requests"]["memory"]),
    }
    return {**made, "requests": {**made["requests"], **asked}}


def _worker_limit(serving: Serving) -> Quantity | None:
    return serving.resources.cpu_limit if serving.resources else None


def _limited(made: dict[str, Any], cpu: Quantity | None) -> dict[str, Any]:
    return made if cpu is None else {**made, "limits": {**made["limits"], "cpu": str(cpu)}}


def _least(asked: Quantity, limit: Quantity | None) -> str:
    """A request is never more than the limit."""
    return str(asked) if limit is None or _cores(asked) <= _cores(limit) else str(limit)


def _most(limit: Quantity | None, asked: Quantity | None) -> Quantity | None:
    """A limit of ours is never less than what is asked for."""
    return asked if limit is not None and asked is not None and _cores(asked) > _cores(limit) else limit


def _cores(quantity: Quantity) -> Any:
    return amount(quantity) or 0
