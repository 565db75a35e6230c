"""A bundle that cannot load gives its GPU back, is tried again after a pause, and serves when the cause is gone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import completed, model_bundle, over, pod, running, serving_pod, waiting

Body = dict[str, Any]
SAYS = json.dumps({"reason": "LoadFailed", "message": "OSError: no route to the feature store", "seconds": {}})


def replicas(world: World) -> int:
    return int(world.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"])


def crashed(times: int) -> Body:
    worker = waiting("CrashLoopBackOff", last=over(1, SAYS), restarts=times - 1)
    return pod(prepare=completed(), server=running(6), worker=worker)


async def begun() -> World:
    world = World(model_bundle(serving={"gpu": {"count": 1}}), precheck=False)
    await world.look()
    return world


async def test_after_three_loads_the_pods_go_and_come_again_when_the_pause_is_over() -> None:
    world = await begun()
    for times in (1, 2):
        world.rolled_out(crashed(times))
        await world.look()
        assert replicas(world) == 1
    world.rolled_out(crashed(3))
    await world.look()
    assert replicas(world) == 0
    world.rolled_out()
    outcome = await world.look()
    assert outcome.requeue_after is not None
    assert 59 <= outcome.requeue_after <= 61
    assert world.ready() == ("False", "LoadFailed")
    message = world.condition("Ready")["message"]
    assert "no route to the feature store" in message
    assert "hold no GPU" in message
    assert world.status()["lastFailure"]["count"] == 3
    await world.at_rest()

    world.now += timedelta(seconds=outcome.requeue_after)
    await world.look()
    assert replicas(world) == 1
    assert world.status()["retry"]["count"] == 1
    world.rolled_out(crashed(3))
    await world.look()
    assert world.status()["retry"]["count"] == 2
    world.rolled_out()
    assert (await world.look()).requeue_after == 300
    await world.at_rest()


async def test_a_new_token_brings_the_pods_back_at_once_and_one_that_serves_is_forgotten() -> None:
    world = await begun()
    world.rolled_out(crashed(3))
    await world.look()
    world.rolled_out()
    await world.look()
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(rollout={"token": "2"}))
    await world.look()
    assert replicas(world) == 1
    assert "retry" not in world.status()
    world.rolled_out(serving_pod(template="t2"))
    await world.look()
    assert world.ready() == ("True", "Serving")
    assert "retry" not in world.status()
    await world.at_rest()


async def test_what_nothing_can_be_decided_of_meanwhile_stays_held_back() -> None:
    """A child cannot be written for a while: what was decided about the pods is not forgotten with it."""
    world = await begun()
    world.rolled_out(crashed(3))
    await world.look()
    held = world.status()["retry"]
    await world.reconcile.report_internal_error(KEY, "a bug")
    assert world.status()["retry"] == held
    world.rolled_out()
    await world.look()
    assert replicas(world) == 0
    await world.at_rest()
