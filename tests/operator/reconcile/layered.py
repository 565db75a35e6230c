"""A bundle whose requirements are installed once, and how far its Job and its pods have come."""

from __future__ import annotations

import json
from typing import Any

from tests.operator.fake_cluster import FakeCluster
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import (
    completed,
    layer,
    model_bundle,
    precheck_pod,
    reported,
    serving_pod,
)

Body = dict[str, Any]
MANY: Body = {"replicas": 2}
GPU: Body = {"gpu": {"count": 1}}
INSTALLED: Body = {"prepare": completed(), "install": completed()}
STORED: Body = {**INSTALLED, "store": reported(layer=layer())}


def jobs(world: World) -> list[Body]:
    return [body for (kind, *_), body in world.cluster.objects.items() if kind == "Job"]


def deployment(world: World) -> Body | None:
    return world.cluster.objects.get(("Deployment", *KEY.place))


def named(world: World) -> Any:
    """The layer that the ConfigMap names; None for none."""
    text = world.cluster.objects["ConfigMap", *KEY.place]["data"].get("layer.json")
    return None if text is None else json.loads(text)


def in_job(world: World, **containers: Any) -> None:
    """The Job's pod has come so far."""
    (job,) = jobs(world)
    metadata = job["metadata"]
    made = precheck_pod(metadata["name"], metadata["uid"], **containers)
    made["metadata"].pop("resourceVersion")
    world.cluster.put(made)


def edit(world: World, **serving: Any) -> None:
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(serving))


def two_pods(**more: Any) -> list[Body]:
    return [serving_pod("llama-1", **more), serving_pod("llama-2", **more)]


async def begun(serving: Body | None = None, cluster: FakeCluster | None = None, **settings: Any) -> World:
    world = World(model_bundle(serving=serving or MANY, requirements=["x==1"]), cluster, **settings)
    await world.look()
    return world


async def with_layer() -> World:
    """A bundle of two pods that serve from their layer."""
    world = await begun()
    in_job(world, **STORED)
    await world.look()
    world.rolled_out(*two_pods(prepare=completed(), install=reported(layer=layer()["digest"])))
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world
