"""CPU limits and sizes: of every container once there is one, and of none as long as nobody asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operator.render.test_desired import containers, env, plan, pod

ALL = ("prepare", "install", "server", "worker")


def cpu(serving: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Request and limit of each container."""
    made = containers(plan(serving, requirements=["numpy"]))
    found = {name: made[name]["resources"] for name in ALL}
    return {name: (each["requests"]["cpu"], each.get("limits", {}).get("cpu")) for name, each in found.items()}


@pytest.mark.parametrize(
    ("serving", "expected"),
    [
        ({}, ("50m", None, "250m", None, "50m", None, "250m", None)),
        ({"resources": {"cpuLimit": 2}}, ("50m", "2", "250m", "2", "50m", "1", "250m", "2")),
        ({"resources": {"cpu": 1, "cpuLimit": 2}}, ("50m", "2", "1", "2", "50m", "1", "1", "2")),
        ({"resources": {"cpuLimit": "200m"}}, ("50m", "200m", "200m", "200m", "50m", "1", "200m", "200m")),
        ({"resources": {"cpuLimit": "20m"}}, ("20m", "20m", "20m", "20m", "50m", "1", "20m", "20m")),
        ({"serverResources": {"cpuLimit": "2"}}, ("50m", None, "250m", None, "50m", "2", "250m", None)),
        ({"serverResources": {"cpuLimit": "20m"}}, ("50m", None, "250m", None, "20m", "20m", "250m", None)),
        (
            {"resources": {"cpuLimit": 4}, "serverResources": {"cpu": 2}, "prepareResources": {"cpu": 8}},
            ("8", "8", "250m", "4", "2", "2", "250m", "4"),
        ),
        ({"prepareResources": {"cpu": "100m"}}, ("100m", None, "250m", None, "50m", None, "250m", None)),
    ],
)
def test_requests_and_limits(serving: dict[str, Any], expected: tuple[str | None, ...]) -> None:
    pairs = dict(zip(ALL, zip(expected[::2], expected[1::2], strict=True), strict=True))
    assert cpu(serving) == pairs


def test_prepares_memory_is_what_it_asks_for_and_may_use() -> None:
    made = containers(plan({"prepareResources": {"memory": "256Mi"}}))["prepare"]["resources"]
    assert made == {"requests": {"cpu": "50m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}}


def test_libraries_go_by_the_limit_where_nothing_is_asked_for() -> None:
    cpus = [
        env(containers(plan({"resources": resources}))["worker"]).get("MODELBUNDLE_CPUS")
        for resources in ({"cpuLimit": "1500m"}, {"cpu": 1, "cpuLimit": 4}, {"memory": "1Gi"})
    ]
    assert cpus == ["2", "1", None]


def sizes(serving: dict[str, Any] | None) -> dict[str, str | None]:
    found = pod(plan(serving))["volumes"]
    return {volume["name"]: volume["emptyDir"].get("sizeLimit") for volume in found if "emptyDir" in volume}


def test_sizes_of_directories() -> None:
    own = sizes(None)
    assert own == {"bundle": None, "requirements": None, "socket": "16Mi", "tmp": None, "install-tmp": None,
                   "runtime-tmp": None, "shm": "2Gi"}  # fmt: skip
    limits = {"artifact": "10Gi", "requirements": 5, "tmp": "20Gi", "shm": "1Gi"}
    asked = {"bundle": "10Gi", "requirements": "5", "tmp": "20Gi", "install-tmp": "5", "shm": "1Gi"}
    assert sizes({"sizeLimits": limits}) == {**own, **asked}
    assert sizes({"resources": {"memory": "8Gi"}, "sizeLimits": {"shm": "1Gi"}})["shm"] == "1Gi"
    assert sizes({"resources": {"memory": "8Gi"}, "sizeLimits": {}})["shm"] == "8Gi"


def test_nothing_set_is_nothing_changed() -> None:
    empty: dict[str, Any] = {"resources": {}, "serverResources": {}, "prepareResources": {}, "sizeLimits": {}}
    assert plan(empty).deployment == plan().deployment
