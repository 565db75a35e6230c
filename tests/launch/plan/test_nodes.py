"""Which nodes have room for a pod, for how many, and what the others lack."""

from __future__ import annotations

from typing import Any

import pytest

from launch.doctor.nodes import tolerated
from launch.plan.nodes import room_for
from launch.plan.pod import wanted_of

GPU = "nvidia.com/gpu"


def node(name: str = "n1", labels: dict[str, str] | None = None, taints: Any = (), ready: str = "True",
         cordoned: bool = False, **allocatable: str) -> dict[str, Any]:  # fmt: skip
    has = {"cpu": "4", "memory": "16Gi", "pods": "110", **{GPU if key == "gpu" else key: value
                                                            for key, value in allocatable.items()}}  # fmt: skip
    return {
        "metadata": {"name": name, "labels": labels or {}},
        "spec": {"taints": list(taints), "unschedulable": cordoned},
        "status": {"allocatable": has, "conditions": [{"type": "Ready", "status": ready}]},
    }


def pod(where: str = "n1", **requests: str) -> dict[str, Any]:
    asked = {GPU if key == "gpu" else key: value for key, value in requests.items()}
    return {"spec": {"nodeName": where, "containers": [{"resources": {"requests": asked}}]}}


TAINT = {"key": "pool", "value": "gpu", "effect": "NoSchedule"}
ONE_GPU = {"gpu": {"count": 1}}


@pytest.mark.parametrize(
    ("nodes", "pods", "room"),
    [
        ([node(gpu="2")], [], {"n1": 2}),
        ([node(gpu="2"), node("n2")], [pod(gpu="1")], {"n1": 1}),
        ([node(gpu="8")], [pod(cpu="3", memory="1Gi")], {"n1": 3}),
        ([node(gpu="8", pods="3")], [pod()], {"n1": 2}),
        ([node(gpu="1", taints=[{"key": GPU, "effect": "NoSchedule"}])], [], {"n1": 1}),
        ([node(gpu="1", taints=[{**TAINT, "effect": "PreferNoSchedule"}])], [], {"n1": 1}),
    ],
)
def test_the_room_of_a_node_is_what_is_free(nodes: Any, pods: Any, room: dict[str, int]) -> None:
    assert room_for(wanted_of(ONE_GPU), nodes, pods).pods == room


@pytest.mark.parametrize(
    ("there", "pods", "why"),
    [
        (node(), [], "no nvidia.com/gpu, 1 needed"),
        (node(gpu="1"), [pod(gpu="1")], "0 of 1 nvidia.com/gpu free, 1 needed"),
        (node(gpu="1"), [pod(cpu="3900m")], "0.1 of 4 cpu free, 0.3 needed"),
        (node(gpu="1"), [pod(memory="15.5Gi")], "512Mi of 16Gi memory free, 640Mi needed"),
        (node(gpu="1", cordoned=True), [], "cordoned"),
        (node(gpu="1", ready="Unknown"), [], "not Ready"),
        (node(gpu="1", taints=[TAINT]), [], "the taint pool=gpu:NoSchedule is not tolerated"),
        (node(gpu="1", pods="1"), [pod()], "it has 1 pods, and takes no more"),
    ],
)
def test_what_a_node_lacks_is_said(there: Any, pods: Any, why: str) -> None:
    room = room_for(wanted_of(ONE_GPU), [there], pods)
    assert (room.total, list(room.lacking)) == (0, [f"1 node: {why}"])


def test_a_selector_chooses_nodes() -> None:
    wanted = wanted_of({**ONE_GPU, "nodeSelector": {"type": "a100"}})
    room = room_for(wanted, [node(gpu="1"), node("n2", gpu="1", labels={"type": "a100"}), node("n3", gpu="1")], [])
    assert (room.pods, list(room.lacking)) == ({"n2": 1}, ["2 nodes: not of the nodeSelector type=a100"])


@pytest.mark.parametrize(
    ("toleration", "is_for"),
    [
        ({"operator": "Exists"}, True),
        ({"key": "pool", "operator": "Exists"}, True),
        ({"key": "pool", "value": "gpu"}, True),
        ({"key": "pool", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}, True),
        ({"key": "pool", "value": "cpu"}, False),
        ({"key": "pool", "operator": "Exists", "effect": "NoExecute"}, False),
        ({"key": "other", "operator": "Exists"}, False),
    ],
)
def test_a_toleration_is_for_a_taint(toleration: dict[str, Any], is_for: bool) -> None:
    assert tolerated(TAINT, [toleration]) is is_for
    assert not tolerated(TAINT, [])
