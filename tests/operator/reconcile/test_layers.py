"""Requirements of many pods are installed once, by a Job, and the ConfigMap says to each pod where they lie."""

from __future__ import annotations

import copy
import json

import pytest
from modelbundle_operator.loop.key import Key

from tests.operator.fake_cluster import FakeCluster
from tests.operator.reconcile.layered import (
    GPU,
    INSTALLED,
    MANY,
    STORED,
    Body,
    begun,
    deployment,
    edit,
    in_job,
    jobs,
    named,
    two_pods,
    with_layer,
)
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import (
    at,
    completed,
    layer,
    model_bundle,
    pod,
    reported,
    running,
    serving_pod,
)


async def test_the_job_installs_and_packs_and_the_pods_are_told_where_it_lies() -> None:
    world = await begun()
    (job,) = jobs(world)
    assert [each["name"] for each in job["spec"]["template"]["spec"]["containers"]] == ["store"]
    assert deployment(world) is None
    in_job(world, **INSTALLED, store=running(6))
    await world.look()
    assert world.ready() == ("Unknown", "Progressing")
    assert "the requirements are installed once, for every pod and clone" in world.condition("Ready")["message"]
    await world.at_rest()
    assert named(world) is None

    in_job(world, **STORED)
    await world.look()
    assert deployment(world) is not None
    assert named(world) == layer()
    assert {name: world.status()["layer"][name] for name in layer()} == layer()
    assert world.status()["layer"]["time"] == at(5)
    assert not jobs(world)
    world.rolled_out(*two_pods(prepare=completed(), install=reported(layer=layer()["digest"])))
    await world.look()
    assert f"The layer {layer()['digest']} has what" in world.condition("RequirementsReady")["message"]
    await world.at_rest()


async def test_what_its_pod_says_counts_also_where_the_watch_of_jobs_is_ahead_of_that_of_pods() -> None:
    world = await begun()
    in_job(world, **STORED)
    (job,) = jobs(world)
    where = Key("models", job["metadata"]["name"], "Job")
    complete = world.cluster.set_status("Job", where, conditions=[{"type": "Complete", "status": "True"}])
    world.cache.observe("Job", "MODIFIED", complete)
    await world.reconcile(KEY)
    assert named(world) == layer()
    assert world.status()["checked"].startswith("sha256:")
    assert deployment(world) is not None
    await world.at_rest()


async def test_pods_are_told_before_they_are_made() -> None:
    order: list[tuple[str, bool]] = []

    class Watched(FakeCluster):
        async def create(self, body: Body) -> Body:
            order.append((body["kind"], "layer.json" in str(self.objects.get(("ConfigMap", *KEY.place)))))
            return await super().create(body)

    world = await begun(cluster=Watched())
    in_job(world, **STORED)
    await world.look()
    assert ("Deployment", True) in order


async def test_a_bundle_with_gpus_has_its_layer_made_by_the_job_that_tries_it() -> None:
    world = await begun(GPU)
    (job,) = jobs(world)
    assert [each["name"] for each in job["spec"]["template"]["spec"]["containers"]] == ["store"]
    in_job(world, **STORED)
    await world.look()
    assert world.status()["checked"]
    assert named(world) == layer()


async def test_a_deployment_that_serves_is_left_as_it_is_when_a_layer_is_known() -> None:
    world = await begun(layers=False)
    world.rolled_out(*two_pods(**INSTALLED))
    await world.look()
    before = copy.deepcopy(deployment(world))
    known = await begun()
    in_job(known, **STORED)
    await known.look()
    clone = model_bundle("clone")
    clone["status"] = {"layer": known.status()["layer"]}
    world.cluster.put(clone)
    upgraded = World(cluster=world.cluster)
    await upgraded.look()
    assert named(upgraded) == layer()
    assert deployment(upgraded) == before
    assert not jobs(upgraded)
    await upgraded.at_rest()


async def test_a_layer_that_a_pod_does_not_find_is_forgotten() -> None:
    world = await with_layer()
    failed = {"why": "NotFound", "message": "404 for s3://models/llama/layers", "sha256": layer()["sha256"]}
    late = serving_pod("llama-3", created=40, prepare=reported(44, layerFailed=failed), install=completed())
    world.rolled_out(serving_pod(), late)
    await world.look()
    assert named(world) is None
    assert "uri" not in world.status()["layer"]
    assert "404 for s3://models/llama/layers" in world.status()["layer"]["message"]
    assert "as the layer was not used (NotFound)" in world.condition("RequirementsReady")["message"]
    await world.at_rest()
    restarted = World(cluster=world.cluster)
    await restarted.look()
    await restarted.at_rest()


@pytest.mark.parametrize("why", ["Unreachable", "Denied"])
async def test_one_that_a_pod_did_not_reach_stays(why: str) -> None:
    world = await with_layer()
    late = serving_pod(created=40, prepare=reported(44, layerFailed={"why": why, "message": "no"}), install=completed())
    world.rolled_out(serving_pod("llama-2"), late)
    await world.look()
    assert named(world) == layer()


async def test_an_edit_of_the_key_is_undone() -> None:
    world = await with_layer()
    other = json.dumps(layer("12" * 32))
    world.cluster.edit("ConfigMap", KEY, lambda body: body["data"].update({"layer.json": other}))
    await world.look()
    assert named(world) == layer()
    world.cluster.edit("ConfigMap", KEY, lambda body: body["data"].pop("layer.json"))
    await world.look()
    assert named(world) == layer()
    await world.at_rest()


async def test_a_layer_that_others_name_is_none() -> None:
    world = await begun(layers=False)
    world.cluster.edit("ConfigMap", KEY, lambda body: body["data"].update({"layer.json": json.dumps(layer())}))
    await world.look()
    assert named(world) is None


async def test_an_older_operator_that_drops_the_key_does_no_harm() -> None:
    world = await with_layer()
    live = world.cluster.objects["ConfigMap", *KEY.place]
    theirs = {**live, "metadata": {**live["metadata"]}, "data": {"bundle.json": live["data"]["bundle.json"]}}
    theirs["metadata"].pop("managedFields")
    await world.cluster.replace({**theirs, "metadata": {**live["metadata"]}})
    assert named(world) is None
    await world.look()
    assert named(world) == layer()
    await world.at_rest()


async def test_layers_that_are_switched_off_are_named_no_more() -> None:
    world = await with_layer()
    off = World(cluster=world.cluster, layers=False)
    await off.look()
    assert named(off) is None
    assert "layer" not in off.status()
    await off.at_rest()


async def test_what_is_stored_keeps_what_it_has_and_serves_from_it_again() -> None:
    world = await with_layer()
    edit(world, replicas=0)
    await world.look()
    world.rolled_out()
    await world.look()
    assert world.ready() == ("True", "Stored")
    assert named(world) == layer()
    await world.at_rest()
    edit(world, replicas=2)
    await world.look()
    assert not jobs(world)
    assert named(world) == layer()


async def test_a_job_that_is_over_is_counted_once_by_what_came_of_it() -> None:
    world = World(model_bundle(serving=MANY, requirements=["x==1"]))
    heard: list[bool] = []
    world.reconcile = type(world.reconcile)(
        world.cluster, world.cache, world.reconcile.settings, lambda: world.now, on_layer=heard.append
    )
    await world.look()
    in_job(world, **STORED)
    await world.look()
    await world.at_rest()
    assert heard == [True]


async def test_the_pods_own_words_come_from_its_own_pods() -> None:
    world = await begun()
    world.cluster.put(pod("forged", **STORED))  # of nobody's Job
    await world.look()
    assert jobs(world)
    assert named(world) is None
