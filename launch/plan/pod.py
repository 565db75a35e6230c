"""What a pod asks of a node: one of a bundle, as the operator would make it, and any that runs already. Pure.

tests/launch/plan/test_pod.py compares the first with what the operator renders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from bundle_spec.quantity import amount_or_zero

Amounts = Dict[str, Decimal]

_SMALL = {"cpu": "50m", "memory": "128Mi"}  # of prepare and the server
_WORKER = {"cpu": "250m", "memory": "512Mi"}
_GPU = "nvidia.com/gpu"
_SLICES = ("nvidia.com/mig-", "nvidia.com/gpu.")


class Wanted(NamedTuple):
    """What decides whether a node takes the pod; `besides` names what is not looked at."""

    requests: Amounts
    selector: Mapping[str, str]
    tolerations: Sequence[Mapping[str, Any]]
    besides: Sequence[str]


def wanted_of(serving: Mapping[str, Any], everywhere: Iterable[Mapping[str, Any]] = ()) -> Wanted:
    """Of a bundle's pod; `everywhere` are the tolerations that the operator gives every pod."""
    gpu = gpu_of(serving)
    tolerations: List[Mapping[str, Any]] = [*(serving.get("tolerations") or []), *everywhere]
    if gpu:
        tolerations += [{"key": key, "operator": "Exists"} for name in gpu for key in _taints(name)]
    beside = {
        "affinity": "affinity",
        "topologySpread": "topologySpread",
        "volumes": "where its volumes can be mounted",
        "runtimeClassName": "what its runtimeClass adds",
        "schedulerName": "what its scheduler decides otherwise",
        "priorityClassName": "pods that its priority would displace",
    }
    return Wanted(
        _requests(serving, gpu),
        serving.get("nodeSelector") or {},
        tolerations,
        [words for name, words in beside.items() if serving.get(name)],
    )


def gpu_of(serving: Mapping[str, Any]) -> Mapping[str, int]:
    """Its GPUs by the name of their resource; empty for none."""
    gpu = serving.get("gpu") or {}
    count = int(gpu.get("count", 1))
    return {str(gpu.get("resourceName") or _GPU): count} if count else {}


def requests_of(spec: Mapping[str, Any]) -> Amounts:
    """Of a pod that is there. Its init containers run before the others, but for those that are restarted always."""
    beside: Amounts = {}
    most: Amounts = {}
    for container in spec.get("initContainers") or []:
        asked = _asked(container)
        if container.get("restartPolicy") == "Always":
            beside = _sum(beside, asked)
            most = _largest(most, beside)
        else:
            most = _largest(most, _sum(beside, asked))
    for container in spec.get("containers") or []:
        beside = _sum(beside, _asked(container))
    return _sum(_largest(most, beside), _amounts(spec.get("overhead") or {}))


def _requests(serving: Mapping[str, Any], gpu: Mapping[str, int]) -> Amounts:
    """prepare and install run one after the other, then server and worker beside each other; install asks for what the
    worker does."""
    resources = serving.get("resources") or {}
    limit = resources.get("cpuLimit")
    prepare = _small(serving.get("prepareResources") or {}, limit)
    server_resources = serving.get("serverResources") or {}
    server = _small(server_resources, _given(server_resources, "cpuLimit", "1" if limit is not None else None))
    worker: Dict[str, Any] = {name: _given(resources, name, least) for name, least in _WORKER.items()}
    if resources.get("ephemeralStorage") is not None:
        worker["ephemeral-storage"] = resources["ephemeralStorage"]
    worker["cpu"] = _least(worker["cpu"], limit)
    return _largest(_amounts(prepare), _sum(_amounts(server), _amounts({**worker, **gpu})))


def _small(resources: Mapping[str, Any], limit: Optional[Any]) -> Dict[str, Any]:
    """A limit that is not the user's own never is less than what is asked for."""
    asked = resources.get("cpu")
    mine = resources.get("cpuLimit") is not None
    cpu = _least(_SMALL["cpu"] if asked is None else asked, limit) if asked is None or mine else asked
    return {"cpu": cpu, "memory": _given(resources, "memory", _SMALL["memory"])}


def _given(resources: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    found = resources.get(name)
    return otherwise if found is None else found


def _least(asked: Any, limit: Optional[Any]) -> Any:
    return asked if limit is None or amount_or_zero(asked) <= amount_or_zero(limit) else limit


def _taints(resource: str) -> Sequence[str]:
    """Of its nodes: a slice of a GPU has its node's taint."""
    return (resource, _GPU) if resource.startswith(_SLICES) else (resource,)


def _asked(container: Mapping[str, Any]) -> Amounts:
    """What is limited and not asked for is asked for."""
    resources = container.get("resources") or {}
    return _amounts({**(resources.get("limits") or {}), **(resources.get("requests") or {})})


def _amounts(quantities: Mapping[str, Any]) -> Amounts:
    return {name: amount_or_zero(quantity) for name, quantity in quantities.items()}


def _sum(one: Amounts, other: Amounts) -> Amounts:
    return {name: one.get(name, Decimal(0)) + other.get(name, Decimal(0)) for name in {**one, **other}}


def _largest(one: Amounts, other: Amounts) -> Amounts:
    return {name: max(one.get(name, Decimal(0)), other.get(name, Decimal(0))) for name in {**one, **other}}
