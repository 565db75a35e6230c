"""The watch loses that a bundle or an endpoint was deleted: nothing is made for it again."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.errors import Transient

from tests.operator.town import KEY as ENDPOINT
from tests.operator.town import Town, endpoint
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

CHILDREN = ("ConfigMap", "Service", "Deployment")


async def serving() -> World:
    world = World(model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world


def collected(world: World) -> None:
    """Kubernetes takes the children away, which the watch sees."""
    for kind in CHILDREN:
        world.cache.observe(kind, "DELETED", world.cluster.delete(kind, KEY))


async def test_a_bundle_whose_deletion_was_lost_gets_no_children() -> None:
    world = await serving()
    world.cluster.delete("ModelBundle", KEY)
    collected(world)
    with world.cluster.expect_no_writes(), pytest.raises(Transient, match=r"ModelBundle llama .* was deleted"):
        await world.reconcile(KEY)
    assert world.cache.get("ModelBundle", KEY) is None
    await world.at_rest()


async def test_its_successor_is_served_as_soon_as_it_is_found() -> None:
    world = await serving()
    world.cluster.delete("ModelBundle", KEY)
    collected(world)
    successor: dict[str, Any] = model_bundle()
    successor["metadata"]["uid"] = "uid-of-its-successor"
    world.cluster.put(successor)
    with world.cluster.expect_no_writes(), pytest.raises(Transient):
        await world.reconcile(KEY)
    await world.reconcile(KEY)
    owners = [world.cluster.objects[(kind, *KEY.place)]["metadata"]["ownerReferences"][0]["uid"] for kind in CHILDREN]
    assert owners == ["uid-of-its-successor"] * 3
    world.rolled_out(serving_pod())
    await world.look()
    await world.at_rest()


async def test_a_child_that_a_user_deleted_is_made_again() -> None:
    world = await serving()
    world.cache.observe("Service", "DELETED", world.cluster.delete("Service", KEY))
    await world.look()
    assert ("Service", *KEY.place) in world.cluster.objects
    await world.at_rest()


async def test_a_new_bundle_is_not_asked_for() -> None:
    world = World(model_bundle())
    await world.look()
    assert world.cluster.calls["read", "ModelBundle"] == 0


async def test_an_endpoint_whose_deletion_was_lost_gets_no_service() -> None:
    town = Town(endpoint("v1"))
    town.bundle("v1")
    await town.look()
    assert town.said() == ("True", "Serving")
    town.cluster.delete("ModelEndpoint", ENDPOINT)
    town.cache.observe("Service", "DELETED", town.cluster.delete("Service", ENDPOINT))
    with town.cluster.expect_no_writes(), pytest.raises(Transient, match=r"ModelEndpoint sentiment .* was deleted"):
        await town.look()
    with town.cluster.expect_no_writes():
        await town.look_at(ENDPOINT)
