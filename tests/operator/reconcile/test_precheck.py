"""A bundle with a GPU is tried by a Job first: nothing of it holds a GPU until that has passed."""

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
    completed,
    model_bundle,
    over,
    precheck_pod,
    running,
    serving_pod,
    waiting,
)

Body = dict[str, Any]
GPU: Body = {"gpu": {"count": 1}}
ABSENT = json.dumps({"reason": "RequirementNotFound", "message": "x==1 is not at the index", "seconds": {}})


def failed(times: int) -> Body:
    return waiting("CrashLoopBackOff", last=over(1, ABSENT), restarts=times - 1)


def jobs(world: World) -> list[Body]:
    return [body for (kind, *_), body in world.cluster.objects.items() if kind == "Job"]


def deployments(world: World) -> list[Body]:
    return [body for (kind, *_), body in world.cluster.objects.items() if kind == "Deployment"]


def in_job(world: World, **containers: Body) -> None:
    """The Job's pod has come so far."""
    (job,) = jobs(world)
    metadata = job["metadata"]
    made = precheck_pod(metadata["name"], metadata["uid"], **containers)
    made["metadata"].pop("resourceVersion")
    world.cluster.put(made)


def ended_well(world: World) -> None:
    (job,) = jobs(world)
    at = Key("models", job["metadata"]["name"], "Job")
    world.cluster.set_status("Job", at, conditions=[{"type": "Complete", "status": "True"}])


def gone(world: World) -> None:
    """The watch tells that pods have gone with their Job."""
    for pod in world.cache.pods(KEY):
        if ("Pod", "models", pod.name) not in world.cluster.objects:
            world.cache.removed("Pod", Key("models", pod.name, "Pod"))


def edit(world: World, **serving: Any) -> None:
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(serving))


class Away(FakeCluster):
    """An API server that takes everything but a status, while it is away."""

    is_away = False

    async def apply_status(self, body: Body) -> Body:
        if self.is_away:
            raise Transient("503: away", status=503)
        return await super().apply_status(body)


async def begun(**more: Any) -> World:
    world = World(model_bundle(serving=GPU, requirements=["x==1"]), **more)
    await world.look()
    return world


async def test_the_deployment_comes_when_the_job_has_passed_and_the_job_goes() -> None:
    world = await begun()
    (job,) = jobs(world)
    assert job["metadata"]["ownerReferences"][0]["name"] == "llama"
    assert ("ConfigMap", *KEY.place) in world.cluster.objects, "which its pod mounts"
    in_job(world, prepare=running(2))
    await world.look()
    assert world.ready() == ("Unknown", "Progressing")
    assert f"by the Job {job['metadata']['name']}" in world.condition("Ready")["message"]
    assert world.status()["replicas"] == 0
    await world.at_rest()
    in_job(world, prepare=completed(), install=running(5))
    await world.look()
    assert world.condition("ArtifactVerified")["status"] == "True"
    assert not deployments(world)
    ended_well(world)
    await world.look()
    assert [each["spec"]["replicas"] for each in deployments(world)] == [1]
    assert not jobs(world)
    assert world.status()["checked"].startswith("sha256:")
    gone(world)
    await world.at_rest()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    await world.at_rest()


async def test_the_deployment_is_as_it_is_without_the_job() -> None:
    world, without = await begun(layers=False), await begun(precheck=False)
    in_job(world, prepare=completed(), install=completed())
    await world.look()
    (made,), (wanted,) = deployments(world), deployments(without)
    assert made["spec"] == wanted["spec"]
    assert made["metadata"]["annotations"] == wanted["metadata"]["annotations"]


def bundles_come_last(world: World) -> None:
    """The watches of a new operator are not in step: what is of a bundle that is not known yet is not kept."""
    for (kind, *_), body in sorted(world.cluster.objects.items(), key=lambda each: each[0][0] == "ModelBundle"):
        world.cache.observe(kind, "ADDED", copy.deepcopy(body))
    assert not world.cache.jobs(KEY)


async def has_passed_unsaid() -> World:
    """The Deployment was made, and the status not written any more."""
    cluster = Away()
    world = World(model_bundle(serving=GPU), cluster)
    await world.look()
    in_job(world, prepare=completed(), install=running(5))
    await world.look()
    ended_well(world)
    cluster.is_away = True
    with pytest.raises(Transient, match="503"):
        await world.look()
    assert deployments(world)
    assert jobs(world)
    cluster.is_away = False
    return World(cluster=cluster)


async def test_what_has_passed_is_written_down_also_by_an_operator_that_was_started_in_between() -> None:
    restarted = await has_passed_unsaid()
    await restarted.look()
    assert restarted.status()["checked"].startswith("sha256:")
    assert not jobs(restarted)


async def test_what_has_passed_is_asked_for_where_the_watch_brought_it_before_its_bundle() -> None:
    restarted = await has_passed_unsaid()
    bundles_come_last(restarted)
    await restarted.reconcile(KEY)
    assert restarted.status()["checked"].startswith("sha256:")
    assert not jobs(restarted)
    gone(restarted)
    await restarted.at_rest()


async def test_what_fails_holds_no_gpu_and_is_tried_again_after_a_pause() -> None:
    world = await begun()
    for times in (1, 2):
        in_job(
            world, prepare=completed(), install=waiting("CrashLoopBackOff", last=over(1, ABSENT), restarts=times - 1)
        )
        await world.look()
        assert world.ready() == ("False", "RequirementNotFound")
        assert jobs(world)
    in_job(world, prepare=completed(), install=failed(3))
    outcome = await world.look()
    assert not jobs(world)
    assert not deployments(world)
    assert outcome.requeue_after == 60
    assert "No GPU was taken for it; it is tried again at" in world.condition("Ready")["message"]
    assert world.status()["lastFailure"]["count"] == 3
    gone(world)
    await world.at_rest()

    world.now += timedelta(seconds=60)
    await world.look()
    assert len(jobs(world)) == 1
    assert world.status()["retry"]["count"] == 1


async def test_a_new_token_tries_again_at_once() -> None:
    world = await begun()
    in_job(world, prepare=completed(), install=failed(3))
    await world.look()
    assert not jobs(world)
    gone(world)
    edit(world, rollout={"token": "2"})
    await world.look()
    assert len(jobs(world)) == 1
    assert "retry" not in world.status()


async def test_to_scale_to_zero_ends_it_and_what_has_passed_is_not_tried_again() -> None:
    world = await begun()
    in_job(world, prepare=running(2))
    await world.look()
    edit(world, replicas=0)
    await world.look()
    assert not jobs(world)
    assert world.ready() == ("True", "Stored")
    gone(world)
    await world.at_rest()

    edit(world, replicas=1)
    await world.look()
    ended_well(world)
    await world.look()
    assert deployments(world)
    edit(world, replicas=0)
    await world.look()
    gone(world)
    world.cache.observe("Deployment", "DELETED", world.cluster.delete("Deployment", KEY))
    edit(world, replicas=1)
    await world.look()
    assert deployments(world)
    assert not jobs(world)
    assert world.cluster.calls["create", "Job"] == 2


@pytest.mark.parametrize("serving", [{"gpu": {"count": 0}}, {**GPU, "replicas": 0}], ids=["no GPU", "stored"])
async def test_what_takes_no_gpu_is_not_tried(serving: Body) -> None:
    world = World(model_bundle(serving=serving))
    await world.look()
    await world.look()
    assert not jobs(world)
    assert len(deployments(world)) == (0 if serving.get("replicas") == 0 else 1)


async def test_what_has_a_deployment_is_not_tried() -> None:
    """An upgrade from a version without it, and a change of what serves."""
    world = await begun(precheck=False)
    world.rolled_out(serving_pod())
    await world.look()
    before = copy.deepcopy(deployments(world))
    upgraded = World(cluster=world.cluster)
    await upgraded.look()
    await upgraded.at_rest()
    assert deployments(upgraded) == before
    edit(upgraded, artifactSecretName="another")
    await upgraded.look()
    assert not jobs(upgraded)
    upgraded.cache.observe("Deployment", "DELETED", upgraded.cluster.delete("Deployment", KEY))
    await upgraded.look()
    assert deployments(upgraded), "it has answered before, and comes back at once"
    assert not jobs(upgraded)


async def test_where_no_node_takes_it_the_bundle_starts_as_before() -> None:
    world = await begun()
    (job,) = jobs(world)
    job["metadata"]["creationTimestamp"] = world.now.isoformat()
    world.cache.removed("Job", Key("models", job["metadata"]["name"], "Job"))
    job["metadata"]["resourceVersion"] = "90"
    outcome = await world.look()
    assert outcome.requeue_after == 121
    assert not deployments(world)
    world.now += timedelta(seconds=121)
    await world.look()
    assert deployments(world)
    assert not jobs(world)
    assert "checked" not in world.status()


async def test_a_job_that_is_refused_is_said_in_the_api_servers_words() -> None:
    world = World(model_bundle(serving=GPU))
    world.cluster.refuse["Job"] = refused('jobs.batch "x" is forbidden: exceeded quota: few, requested: count/jobs=1')
    with pytest.raises(Exception, match="exceeded quota"):
        await world.look()
    assert world.ready() == ("False", "ApplyRefused")
    assert "Raise the ResourceQuota few" in world.condition("Ready")["message"]
    assert not deployments(world)


async def test_a_strangers_job_of_that_name_is_in_the_way() -> None:
    world = World(model_bundle(serving=GPU))
    await world.look()
    (job,) = jobs(world)
    world.cache.observe("Job", "DELETED", world.cluster.delete("Job", Key("models", job["metadata"]["name"], "Job")))
    theirs = {"name": job["metadata"]["name"], "namespace": "models", "labels": {"app": "theirs"}}
    world.cluster.put({"apiVersion": "batch/v1", "kind": "Job", "metadata": theirs})
    with pytest.raises(Exception, match="is not the operator's"):
        await world.look()
    assert world.ready() == ("False", "NameConflict")
