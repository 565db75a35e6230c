"""What the worker's container tells the libraries of the user's code: CPUs."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render import desired
from modelbundle_operator.settings import Settings

from tools.testkit.model_bundles import model_bundle


def rendered(serving: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    """The Deployment."""
    bundle = parse(model_bundle(serving=serving, **fields))
    return desired(bundle, resolve(bundle), Settings(), None).deployment


def env(deployment: dict[str, Any], name: str = "worker") -> dict[str, str]:
    pod = deployment["spec"]["template"]["spec"]
    (found,) = (one for one in [*pod["initContainers"], *pod["containers"]] if one["name"] == name)
    return {entry["name"]: entry.get("value", "") for entry in found["env"]}


@pytest.mark.parametrize(
    ("resources", "cpus"),
    [
        (None, None),
        ({}, None),
        ({"memory": "1Gi"}, None),
        ({"cpu": 4}, "4"),
        ({"cpu": "500m"}, "1"),
        ({"cpu": "2.5", "memory": "1Gi"}, "3"),
        ({"cpu": 0}, "1"),
    ],
)
def test_the_worker_knows_the_cpus_that_its_bundle_asks_for(resources, cpus):
    deployment = rendered({"resources": resources} if resources is not None else None, requirements=["numpy"])
    assert env(deployment).get("MODELBUNDLE_CPUS") == cpus
    for other in ("prepare", "install", "server"):
        assert "MODELBUNDLE_CPUS" not in env(deployment, other)


def test_no_thread_count_is_set_over_the_images_own():
    names = env(rendered({"resources": {"cpu": 4}})).keys()
    assert not {name for name in names if name.endswith("_THREADS")}, "ENV of the image would not count"
