"""A bundle's PodDisruptionBudget comes with the second replica and goes with it; nothing else hangs on it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.budget import LONGEST_AGAIN_SECONDS

from tests.operator.fake_cluster import refused
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]
BUDGET = "PodDisruptionBudget"
REF = (BUDGET, *KEY.place)
FOREIGN: Body = {
    "apiVersion": "policy/v1",
    "kind": BUDGET,
    "metadata": {"name": KEY.name, "namespace": KEY.namespace},
    "spec": {"minAvailable": 1, "selector": {"matchLabels": {"modelbundle.dev/bundle": KEY.name}}},
}


@pytest.fixture
async def two() -> World:
    """A bundle of two pods that serves."""
    world = World(model_bundle(serving={"replicas": 2}))
    await world.look()
    world.rolled_out(serving_pod(), serving_pod("llama-2"))
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world


def serve(world: World, **serving: Any) -> None:
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(serving))


def calls(world: World) -> dict[str, int]:
    return {verb: count for (verb, kind), count in world.cluster.calls.items() if kind == BUDGET}


async def test_one_replica_costs_no_call_and_has_none(served: World) -> None:
    for _ in range(2):
        await served.look()
    assert (REF in served.cluster.objects, calls(served)) == (False, {})


async def test_of_a_new_bundle_it_costs_one_call_and_at_rest_none(two: World) -> None:
    assert REF in two.cluster.objects
    assert calls(two) == {"create": 1}
    await two.at_rest()
    assert calls(two) == {"create": 1}


async def test_it_comes_and_goes_with_the_second_replica(served: World) -> None:
    before = served.cluster.objects["Deployment", *KEY.place]["spec"]["template"]
    serve(served, replicas=2)
    await served.look()
    assert REF in served.cluster.objects
    await served.at_rest()
    for fewer in (1, 0):
        serve(served, replicas=2)
        await served.look()
        serve(served, replicas=fewer)
        await served.look()
        assert REF not in served.cluster.objects
        await served.at_rest()
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["template"] == before


async def test_the_switch_takes_it_away_and_gives_it_back(two: World) -> None:
    deployment = two.cluster.objects["Deployment", *KEY.place]
    serve(two, disruptionBudget=False)
    await two.look()
    assert REF not in two.cluster.objects
    await two.at_rest()
    serve(two, disruptionBudget=True)
    await two.look()
    assert REF in two.cluster.objects
    assert two.cluster.objects["Deployment", *KEY.place] == deployment, "the pods are as they were"


async def test_an_edit_by_others_is_undone_and_a_deletion_too(two: World) -> None:
    two.cluster.edit(BUDGET, KEY, lambda body: body["spec"].update(maxUnavailable=0))
    await two.look()
    assert two.cluster.objects[REF]["spec"]["maxUnavailable"] == "10%"
    two.cache.observe(BUDGET, "DELETED", two.cluster.delete(BUDGET, KEY))
    await two.look()
    assert REF in two.cluster.objects
    await two.at_rest()


async def test_one_of_the_user_under_that_name_is_left_alone() -> None:
    world = World(model_bundle(serving={"replicas": 2}))
    theirs = world.cluster.put(FOREIGN)
    await world.look()
    world.rolled_out(serving_pod(), serving_pod("llama-2"))
    await world.look()
    assert world.ready() == ("True", "Serving")
    await world.at_rest()
    serve(world, replicas=1)
    await world.look()
    assert world.cluster.objects[REF] == theirs


async def test_that_of_a_deleted_namesake_goes_first(two: World) -> None:
    """Its successor waits for garbage collection with all that it needs, and has a budget of its own then."""
    gone = two.cluster.delete("ModelBundle", KEY)
    two.cache.observe("ModelBundle", "DELETED", gone)
    for kind in ("ConfigMap", "Service", "Deployment"):
        two.cache.observe(kind, "DELETED", two.cluster.delete(kind, KEY))
    successor = model_bundle(serving={"replicas": 2})
    successor["metadata"]["uid"] = "uid-of-its-successor"
    two.cluster.put(successor)
    await two.look()
    assert two.cluster.objects[REF]["metadata"]["ownerReferences"][0]["uid"] == "uid-of-llama"
    assert two.cache.observe(BUDGET, "DELETED", two.cluster.delete(BUDGET, KEY)), "so the bundle is looked at again"
    await two.look()
    assert two.cluster.objects[REF]["metadata"]["ownerReferences"][0]["uid"] == "uid-of-its-successor"
    await two.at_rest()


@pytest.mark.parametrize(
    "error",
    [refused("exceeded quota: few, requested: count/poddisruptionbudgets.policy=1"), Transient("500", status=500)],
)
async def test_what_refuses_it_keeps_nothing_else_and_is_said_once(served: World, error: Exception) -> None:
    served.cluster.refuse[BUDGET] = error
    serve(served, replicas=2)
    pauses = [(await served.look()).requeue_after for _ in range(12)]
    assert pauses[:3] == [0.5, 1.0, 2.0]
    assert pauses[-1] == LONGEST_AGAIN_SECONDS
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 2
    served.rolled_out(serving_pod(), serving_pod("llama-2"))
    await served.look()
    assert served.ready() == ("True", "Serving")
    (event,) = [event for event in served.cluster.events if event["reason"] == "BudgetRefused"]
    assert "serving.disruptionBudget: false asks for none" in event["note"]
    assert event["regarding"]["uid"] == "uid-of-llama"
    served.cluster.refuse.clear()
    served.now += timedelta(seconds=LONGEST_AGAIN_SECONDS)
    outcome = await served.look()
    assert REF in served.cluster.objects
    assert outcome.requeue_after is None
    await served.at_rest()


async def test_what_is_removed_is_the_one_that_was_seen(two: World) -> None:
    """Another one of the name has come meanwhile: it is not ours to take away."""
    two.cluster.deliver(two.cache)
    two.cluster.delete(BUDGET, KEY)
    theirs = two.cluster.put(FOREIGN)
    serve(two, replicas=1)
    two.cache.observe("ModelBundle", "MODIFIED", two.cluster.objects["ModelBundle", *KEY.place])
    with pytest.raises(Transient):
        await two.reconcile(Key(*KEY.place))
    assert two.cluster.objects[REF] == theirs
