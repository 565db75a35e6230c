"""A layer never decides whether a pod starts: whatever becomes of it, the Deployment is there, and words say why."""

from __future__ import annotations

from datetime import timedelta

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.key import Key

from tests.operator.fake_cluster import refused
from tests.operator.reconcile.layered import (
    INSTALLED,
    MANY,
    STORED,
    Body,
    begun,
    deployment,
    in_job,
    jobs,
    named,
    two_pods,
)
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import (
    completed,
    ended,
    layer,
    model_bundle,
    over,
    reported,
    waiting,
)


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
