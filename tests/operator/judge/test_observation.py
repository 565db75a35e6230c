"""Which pods count: what a user may put on a pod of their own makes it none of a bundle's."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.judge.observation import observe_pod

from tests.operator.world import World
from tools.testkit.cluster_objects import model_bundle, serving_pod

MADE_BY: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "llama-t1", "controller": True}
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "of nobody": [],
    "of another ReplicaSet": [{**MADE_BY, "name": "imposter-t1"}],
    "of a ReplicaSet of another template": [{**MADE_BY, "name": "llama-t2"}],
    "of a Job of that name": [{**MADE_BY, "apiVersion": "batch/v1", "kind": "Job"}],
    "of an owner that does not control it": [{**MADE_BY, "controller": False}],
}


def test_a_pod_of_the_bundles_deployment_counts() -> None:
    assert observe_pod(serving_pod()).counts


@pytest.mark.parametrize("whose", STRANGERS)
def test_a_pod_with_all_our_labels_does_not(whose: str) -> None:
    pod = serving_pod()
    pod["metadata"]["ownerReferences"] = STRANGERS[whose]
    assert not observe_pod(pod).counts


async def test_such_a_pod_makes_nothing_ready(served: World) -> None:
    served.rolled_out(serving_pod(), imposter())
    await served.look()
    assert served.status()["readyReplicas"] == 1
    served.rolled_out(imposter())
    await served.look()
    assert served.ready()[0] != "True"
    assert not served.status().get("readyReplicas")
    await served.at_rest()


def imposter() -> dict[str, Any]:
    pod = serving_pod("imposter", created=5)
    pod["metadata"]["ownerReferences"] = []
    return pod


@pytest.fixture
async def served() -> World:
    world = World(model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world
