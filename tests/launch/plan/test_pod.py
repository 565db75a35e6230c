"""What a plan takes a bundle's pod for is what the operator renders."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from modelbundle_operator.settings import Settings

from launch.plan.pod import gpu_of, requests_of, wanted_of
from tests.operator.render.test_desired import EVERYTHING, plan, pod

CPU = {"gpu": {"count": 0}}
SERVINGS: list[dict[str, Any]] = [
    {},
    CPU,
    EVERYTHING,
    {"gpu": {"count": 2, "resourceName": "nvidia.com/mig-1g.5gb"}},
    {**CPU, "resources": {"cpu": 2, "cpuLimit": 4, "memory": "3Gi", "ephemeralStorage": "7Gi"}},
    {**CPU, "resources": {"cpuLimit": "100m"}},
    {**CPU, "resources": {"cpuLimit": "20m"}, "prepareResources": {"cpu": "2"}},
    {**CPU, "prepareResources": {"cpu": 3, "memory": "9Gi"}},
    {**CPU, "resources": {"cpuLimit": "2"}, "serverResources": {"cpu": 3}},
    {**CPU, "serverResources": {"cpu": "250m", "cpuLimit": "300m", "memory": "2Gi"}},
    {**CPU, "serverResources": {"cpuLimit": "20m"}},
    {**CPU, "resources": {"cpu": None, "memory": None}, "serverResources": None},
]


@pytest.mark.parametrize("serving", SERVINGS)
def test_it_asks_for_what_the_rendered_pod_asks_for(serving: dict[str, Any]) -> None:
    made = pod(plan(serving, requirements=["numpy"]))
    wanted = wanted_of(serving)
    assert wanted.requests == requests_of(made)
    assert wanted.selector == made.get("nodeSelector", {})
    keys = [{"key": one.get("key"), "operator": one.get("operator")} for one in wanted.tolerations]
    assert keys == [{"key": one.get("key"), "operator": one.get("operator")} for one in made.get("tolerations", [])]


def test_the_operator_gives_every_pod_tolerations() -> None:
    everywhere = {"key": "models", "operator": "Exists"}
    made = pod(plan(CPU, settings=Settings(pod_tolerations=(everywhere,))))
    assert list(wanted_of(CPU, [everywhere]).tolerations) == made["tolerations"]


def test_gpus_are_those_of_their_resource() -> None:
    assert gpu_of({}) == {"nvidia.com/gpu": 1}
    assert gpu_of({"gpu": {"count": 2, "resourceName": "amd.com/gpu"}}) == {"amd.com/gpu": 2}
    assert gpu_of(CPU) == {}


def test_what_is_not_looked_at_is_named_where_it_is_asked_for() -> None:
    assert list(wanted_of(CPU).besides) == []
    beside = wanted_of(
        {**CPU, "affinity": {"nodeAffinity": {}}, "runtimeClassName": "nvidia", "schedulerName": "v"}
    ).besides
    assert list(beside) == ["affinity", "what its runtimeClass adds", "what its scheduler decides otherwise"]


def asking(cpu: str, **more: Any) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}, **more}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({"containers": [asking("1"), asking("500m")]}, "1.5"),
        ({"containers": [asking("1")], "initContainers": [asking("3")]}, "3"),
        ({"containers": [asking("1")], "initContainers": [asking("1", restartPolicy="Always"), asking("2")]}, "3"),
        ({"containers": [asking("1")], "overhead": {"cpu": "250m"}}, "1.25"),
        ({"containers": [{"resources": {"limits": {"cpu": "2"}}}]}, "2"),
    ],
)
def test_a_pod_that_runs_takes_what_kubernetes_counts(spec: dict[str, Any], cpu: str) -> None:
    assert requests_of(spec)["cpu"] == Decimal(cpu)


def test_a_pod_that_asks_for_nothing_takes_nothing() -> None:
    assert requests_of({"containers": [{}]}) == {}
