"""Requirements of many pods are installed once, by a Job, and the ConfigMap says to each pod where they lie.

A layer never decides whether a pod starts: whatever becomes of it, the Deployment is there.
"""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.key import Key

from tests.operator.fake_cluster import FakeCluster, refused
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import (
    at,
    completed,
    ended,
    layer,
    model_bundle,
    over,
    pod,
    precheck_pod,
    reported,
    running,
    serving_pod,
    waiting,
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


class Killed(Exception):
    """The operator is, in the middle of a reconcile."""


class Deadly(FakeCluster):
    """The operator is killed at the n-th write, before or after the API server has taken it."""

    def __init__(self, at_write: int, taken: bool) -> None:
        super().__init__()
        self.left, self.taken = at_write, taken

    async def _write(self, write: Any, *about: Any) -> Any:
        self.left -= 1
        if self.left == 0 and not self.taken:
            raise Killed
        answer = await write(*about)
        if self.left == 0:
            raise Killed
        return answer

    async def create(self, body: Body) -> Body:
        return await self._write(super().create, body)

    async def apply(self, body: Body) -> Body:
        return await self._write(super().apply, body)

    async def apply_status(self, body: Body) -> Body:
        return await self._write(super().apply_status, body)

    async def replace(self, body: Body) -> Body:
        return await self._write(super().replace, body)

    async def remove(self, *about: Any) -> None:
        await self._write(super().remove, *about)


@pytest.mark.parametrize("taken", [True, False], ids=["taken", "not taken"])
@pytest.mark.parametrize("serving", [MANY, GPU], ids=["for the layer alone", "for a GPU too"])
@pytest.mark.parametrize("at_write", range(1, 16))
async def test_an_operator_that_is_killed_at_any_write_is_followed_by_one_that_ends_it(
    at_write: int, serving: Body, taken: bool
) -> None:
    cluster = Deadly(at_write, taken)
    world = World(model_bundle(serving=serving, requirements=["x==1"]), cluster)
    for _ in range(8):
        try:
            await world.look()
        except Killed:
            world = World(cluster=cluster)
        if jobs(world) and not [ref for ref in cluster.objects if ref[0] == "Pod"]:
            in_job(world, **STORED)
    assert deployment(world) is not None
    assert named(world) == layer()
    assert {name: world.status()["layer"][name] for name in layer()} == layer()
    assert not jobs(world)
    assert cluster.calls["create", "Job"] <= 2, "once more where its answer was lost"
    await world.at_rest()


async def test_where_none_can_be_made_the_pods_install_and_words_say_why() -> None:
    world = await begun()
    in_job(world, **INSTALLED, store=reported(noLayer="the keys of Secret s may not write"))
    await world.look()
    assert deployment(world) is not None
    assert named(world) is None
    assert world.status()["layer"]["message"] == "the keys of Secret s may not write"
    world.rolled_out(*two_pods(**INSTALLED))
    await world.look()
    message = world.condition("RequirementsReady")["message"]
    assert message.endswith("each pod installs itself, as there is no layer: the keys of Secret s may not write.")
    await world.at_rest()


# why, what the Job's pod shows
TROUBLE: list[tuple[str, Body]] = [
    ("prepare does not reach the store", {"prepare": ended(1, '{"reason": "StoreUnreachable", "message": "no"}')}),
    ("install fails", {"prepare": completed(), "install": waiting("CrashLoopBackOff", last=over(1))}),
    ("an image cannot be pulled", {"prepare": waiting("ImagePullBackOff", "not found")}),
    ("store is out of memory", {**INSTALLED, "store": ended(137, reason="OOMKilled")}),
    ("store lies", {**INSTALLED, "store": reported(layer=layer(uri="s3://other/layers/x.tar.zst"))}),
]


@pytest.mark.parametrize(("why", "containers"), TROUBLE, ids=[row[0] for row in TROUBLE])
async def test_whatever_becomes_of_a_job_for_the_layer_alone_the_pods_are_made(why: str, containers: Body) -> None:
    world = await begun()
    in_job(world, **containers)
    await world.look()
    assert deployment(world) is not None, why
    assert named(world) is None
    await world.look()
    assert not jobs(world)
    assert "retry" not in world.status()
    await world.at_rest()


async def test_a_job_that_no_node_takes_is_given_up() -> None:
    world = await begun()
    (job,) = jobs(world)
    job["metadata"] |= {"creationTimestamp": world.now.isoformat(), "resourceVersion": "90"}
    world.cache.removed("Job", Key("models", job["metadata"]["name"], "Job"))
    assert (await world.look()).requeue_after == 121
    world.now += timedelta(seconds=121)
    await world.look()
    assert deployment(world) is not None
    assert not jobs(world)
    await world.at_rest()


async def test_where_a_job_may_not_be_made_the_pods_are_made_at_once() -> None:
    world = World(model_bundle(serving=MANY, requirements=["x==1"]))
    world.cluster.refuse["Job"] = refused('jobs.batch "x" is forbidden: exceeded quota: few')
    await world.look()
    assert deployment(world) is not None
    assert world.ready() == ("Unknown", "Progressing")
    await world.at_rest()
    world.rolled_out(*two_pods(**INSTALLED))
    await world.look()
    message = world.condition("RequirementsReady")["message"]
    assert "each pod installs itself, as there is no layer: the Job modelbundle-precheck-" in message
    assert "exceeded quota: few" in message
    await world.at_rest()
    world.cluster.refuse.clear()
    clone = model_bundle("clone", serving=MANY, requirements=["x==1"])
    world.cluster.put(clone)
    world.cluster.deliver(world.cache)
    await world.reconcile(Key("models", "clone"))
    assert not jobs(world), "what was refused is not asked for with each clone"


async def test_where_jobs_are_not_answered_the_pods_are_made_after_a_second_try() -> None:
    world = World(model_bundle(serving=MANY, requirements=["x==1"]))
    world.cluster.refuse["Job"] = Transient("503: the webhook is down", status=503)
    failed: list[Key] = []
    world.reconcile = type(world.reconcile)(
        world.cluster, world.cache, world.reconcile.settings, lambda: world.now, failures=failed.count
    )
    with pytest.raises(Transient, match="the webhook is down"):
        await world.look()
    assert deployment(world) is None
    failed.append(KEY)
    await world.look()
    assert deployment(world) is not None
    assert "the webhook is down" in world.status()["layer"]["message"]


async def test_a_strangers_job_of_that_name_is_in_nobodys_way() -> None:
    world = await begun()
    (job,) = jobs(world)
    world.cache.observe("Job", "DELETED", world.cluster.delete("Job", Key("models", job["metadata"]["name"], "Job")))
    theirs = {"name": job["metadata"]["name"], "namespace": "models", "labels": {"app": "theirs"}}
    world.cluster.put({"apiVersion": "batch/v1", "kind": "Job", "metadata": theirs})
    await world.look()
    assert deployment(world) is not None
    assert [each["metadata"]["labels"] for each in jobs(world)] == [{"app": "theirs"}]


NOT_ASKED: list[tuple[str, Body, Body]] = [
    ("one pod, and no clone", {}, {"requirements": ["x==1"]}),
    ("nothing to install", MANY, {}),
    ("stored", {"replicas": 0}, {"requirements": ["x==1"]}),
    ("no place for a layer", MANY, {"requirements": ["x==1"], "artifact": {
        "uri": "https://h.example/a.zip", "sha256": "0" * 64, "packaging": "zip"}}),
]  # fmt: skip


@pytest.mark.parametrize(("why", "serving", "fields"), NOT_ASKED, ids=[row[0] for row in NOT_ASKED])
async def test_these_start_as_before(why: str, serving: Body, fields: Body) -> None:
    world = World(model_bundle(serving=serving, **fields))
    await world.look()
    await world.look()
    assert not jobs(world), why
    assert (deployment(world) is None) is (serving.get("replicas") == 0)
    assert "layer" not in world.status()


@pytest.mark.parametrize("settings", [{"layers": False}, {"precheck": False}], ids=str)
async def test_they_can_be_switched_off(settings: Body) -> None:
    world = await begun(**settings)
    assert not jobs(world)
    assert deployment(world) is not None


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


async def test_a_status_that_cannot_be_written_hinders_no_layer() -> None:
    """While the API server takes no status, the pods are made all the same; a later look writes it down."""
    world = await begun()
    in_job(world, **STORED)
    write, away = world.cluster.apply_status, Transient("503: away", status=503)

    async def refuse(body: Body) -> Body:
        raise away

    world.cluster.apply_status = refuse  # type: ignore[method-assign]
    with pytest.raises(Transient):
        await world.look()
    assert deployment(world) is not None
    assert named(world) == layer()
    world.cluster.apply_status = write  # type: ignore[method-assign]
    await world.look()
    assert world.status()["layer"]["uri"] == layer()["uri"]
    assert not jobs(world)


async def test_the_pods_own_words_come_from_its_own_pods() -> None:
    world = await begun()
    world.cluster.put(pod("forged", **STORED))  # of nobody's Job
    await world.look()
    assert jobs(world)
    assert named(world) is None
