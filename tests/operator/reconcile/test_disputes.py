"""A change that another client makes again and again is left for longer and longer, and the condition names it."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.api.names import Metadata
from modelbundle_operator.errors import Conflict
from modelbundle_operator.reconcile.disputes import MOST, QUIET, UNDONE_AT_ONCE, Disputes, pause_before

from tests.operator.fake_cluster import FakeCluster
from tests.operator.town import KEY as ENDPOINT
from tests.operator.town import Town
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import START, model_bundle, serving_pod

Body = dict[str, Any]


def _adds_env(body: Body) -> None:
    env = body["spec"]["template"]["spec"]["containers"][0]["env"]
    env.append({"name": "STAKATER_KEYS", "value": "1"})


def _is_added(world: World) -> bool:
    env = world.cluster.objects["Deployment", *KEY.place]["spec"]["template"]["spec"]["containers"][0]["env"]
    return any(each["name"] == "STAKATER_KEYS" for each in env)


def _edits(world: World, manager: str = "Reloader") -> None:
    if not _is_added(world):
        world.cluster.edit("Deployment", KEY, _adds_env, manager)


def test_pauses_grow_from_the_sixth_time_on_to_five_minutes() -> None:
    seconds = [pause_before("Deployment", undone).total_seconds() for undone in range(30)]
    assert seconds[: UNDONE_AT_ONCE + 3] == [0] * UNDONE_AT_ONCE + [2, 4, 8]
    assert seconds[-1] == 300
    assert pause_before("Service", 30).total_seconds() == 10, "requests may go astray meanwhile"


async def test_a_controller_that_comes_back_every_second_is_named_and_undone_rarely(served: World) -> None:
    for _ in range(200):
        _edits(served)
        await served.look()
        served.now += timedelta(seconds=1)
    undone = served.cluster.calls["replace", "Deployment"]
    assert UNDONE_AT_ONCE < undone < 16
    reconciling = served.condition("Reconciling")
    assert (reconciling["status"], reconciling["reason"]) == ("True", "Contended")
    assert "The Deployment llama is changed again and again by Reloader" in reconciling["message"]
    assert served.ready() == ("True", "Serving"), "what serves is not taken down for it"
    assert [event["reason"] for event in served.cluster.events].count("Contended") == 1


async def test_when_the_other_one_stops_its_change_is_undone_and_the_condition_goes(served: World) -> None:
    for _ in range(60):
        _edits(served)
        outcome = await served.look()
        served.now += timedelta(seconds=1)
    assert served.condition("Reconciling")["reason"] == "Contended"
    while outcome.requeue_after is not None:  # no event comes: it is looked at when it said
        served.now += timedelta(seconds=outcome.requeue_after)
        outcome = await served.look()
    served.rolled_out(serving_pod())
    await served.look()
    assert not _is_added(served)
    assert served.condition("Reconciling") == {}
    await served.at_rest()


async def test_what_the_user_asks_for_is_never_left(served: World) -> None:
    for _ in range(60):
        _edits(served)
        await served.look()
        served.now += timedelta(seconds=1)
    served.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=3))
    await served.look()
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 3


async def test_edits_by_hand_now_and_then_are_undone_at_once(served: World) -> None:
    for _ in range(20):
        _edits(served, "kubectl-edit")
        await served.look()
        assert not _is_added(served)
        served.now += QUIET
    served.rolled_out(serving_pod())
    await served.look()
    assert served.condition("Reconciling") == {}
    await served.at_rest()


async def test_a_removal_that_meets_a_conflict_is_tried_again(served: World) -> None:
    """The apply has gone through by then, so what the API server answered to it is what is still to be cleaned."""
    _edits(served)
    with pytest.MonkeyPatch.context() as broken:
        replace, calls = served.cluster.replace, []

        async def conflict(body: Body) -> Body:
            calls.append(body)
            if len(calls) == 2:  # the first one takes the POST's fields over
                raise Conflict("409: the object has been modified")
            return await replace(body)

        broken.setattr(served.cluster, "replace", conflict)
        with pytest.raises(Conflict):
            await served.look()
    assert _is_added(served)
    await served.look()
    assert not _is_added(served)


async def test_a_change_whose_undoing_meets_conflicts_is_one_change(served: World) -> None:
    """Else a busy Deployment, whose own controller writes its status meanwhile, is left for minutes."""
    _edits(served)
    with pytest.MonkeyPatch.context() as broken:
        replace, refused = served.cluster.replace, []

        async def conflicts(body: Body) -> Body:
            refused.append(body)
            if 2 <= len(refused) <= 2 + UNDONE_AT_ONCE:  # the first one takes the POST's fields over
                raise Conflict("409: the object has been modified")
            return await replace(body)

        broken.setattr(served.cluster, "replace", conflicts)
        for _ in range(3 * UNDONE_AT_ONCE):
            with contextlib.suppress(Conflict):
                await served.look()
    assert len(refused) > UNDONE_AT_ONCE
    assert not _is_added(served), "undone, although no time has passed"
    for _ in range(UNDONE_AT_ONCE - 1):
        _edits(served)
        await served.look()
        assert not _is_added(served), "undone at once"
    served.rolled_out(serving_pod())
    await served.look()
    assert served.condition("Reconciling") == {}
    await served.at_rest()


class Admission(FakeCluster):
    """An API server with a mutating webhook, as Autopilot and Kyverno have: no request of CPU is below 250m."""

    def _store(self, live: Body | None, new: Body) -> Body:
        if new["kind"] == "Deployment":
            for container in new["spec"]["template"]["spec"]["containers"]:
                container["resources"]["requests"]["cpu"] = "250m"
        return super()._store(live, new)


async def serves_by_one_apply(world: World) -> None:
    """What a webhook makes of the Deployment is not sent again, and the bundle serves."""
    for _ in range(4):
        await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    assert world.condition("Reconciling") == {}
    assert world.cluster.calls["apply", "Deployment"] <= 1
    await world.at_rest()


async def test_what_a_mutating_webhook_changes_is_not_sent_again_and_again() -> None:
    world = World(model_bundle(), Admission())
    await world.look()
    await serves_by_one_apply(world)
    world.cluster.edit("Deployment", KEY, lambda body: body["metadata"].update(ownerReferences=[]))
    await world.look()
    assert world.cluster.objects["Deployment", *KEY.place]["metadata"]["ownerReferences"], "it is taken back"
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=2))
    await world.look()
    assert world.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 2
    await world.at_rest()


async def test_a_successor_of_the_same_name_has_no_dispute(served: World) -> None:
    for _ in range(60):
        _edits(served)
        await served.look()
        served.now += timedelta(seconds=1)
    assert served.condition("Reconciling")["reason"] == "Contended"
    for ref in [ref for ref in served.cluster.objects if ref[1:] == KEY.place]:
        served.cache.observe(ref[0], "DELETED", served.cluster.delete(ref[0], KEY))
    successor = model_bundle()
    successor["metadata"]["uid"] = "uid-of-the-successor"
    served.cluster.put(successor)  # its predecessor's deletion was not looked at
    for _ in range(3):
        await served.look()
    assert served.condition("Reconciling").get("reason") != "Contended"
    _edits(served)
    await served.look()
    assert not _is_added(served), "it is undone at once"


def _child(number: int, owner: str = "u") -> Body:
    owners = [{"controller": True, "kind": "ModelBundle", "name": f"b-{number}", "uid": owner}]
    metadata = {"namespace": "models", "name": f"b-{number}", "ownerReferences": owners}
    return {"kind": "Deployment", "metadata": metadata, "spec": {"replicas": 1}}


def test_what_is_remembered_is_bounded_and_goes_with_its_owner() -> None:
    disputes, live = Disputes(), {"kind": "Deployment", "metadata": {}, "spec": {"replicas": 2}}

    def fight(number: int) -> None:
        for _ in range(UNDONE_AT_ONCE + 1):
            disputes.applied(live, _child(number), START)
            disputes.answered(_child(number), _child(number))

    def disputed(number: int) -> bool:
        return bool(disputes.words(Metadata(name=f"b-{number}", namespace="models", uid="u"), START))

    fight(0)
    assert disputed(0)
    disputes.forget("models", "b-0")
    assert not disputed(0)
    fight(1)
    for number in range(2, MOST + 1):
        disputes.applied(live, _child(number), START)
    assert disputed(1)
    disputes.applied(live, _child(MOST + 1), START)
    assert not disputed(1), "the oldest goes"


async def test_an_endpoint_names_who_changes_its_service(town: Town) -> None:
    def leads_astray(body: Body) -> None:
        body["spec"]["selector"]["modelbundle.dev/bundle"] = "v9"
        body["spec"]["internalTrafficPolicy"] = "Local"

    for _ in range(60):
        town.cluster.edit("Service", ENDPOINT, leads_astray, "mesh")
        await town.look()
        town.follow()
        await town.look()
        town.now += timedelta(seconds=1)
    assert "The Service sentiment is changed again and again by mesh" in town.message("Reconciling")
    assert town.cluster.calls["apply", "Service"] < 30
    for _ in range(30):
        town.now += timedelta(seconds=60)
        town.follow()
        await town.look()
    assert (town.answers(), town.said("Reconciling")) == ("v1", ("", ""))
    await town.at_rest()


async def test_a_change_is_not_left_for_as_long_as_the_clock_was_ahead(served: World) -> None:
    served.now += timedelta(days=1)
    for _ in range(60):
        _edits(served)
        await served.look()
        served.now += timedelta(seconds=1)
    assert _is_added(served)
    served.now -= timedelta(days=1)
    await served.look()
    assert not _is_added(served)
    assert served.condition("Reconciling").get("reason") != "Contended"
