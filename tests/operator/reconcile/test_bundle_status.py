"""What a bundle says of itself while the loop works on it: causes, counts, times, roll-outs."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.controller import Outcome

from tests.operator.fake_cluster import refused
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import START, at, completed, ended, model_bundle, pod, running, serving_pod, waiting


async def test_status_tells_what_runs(served: World) -> None:
    status = served.status()
    assert status["digest"].startswith("sha256:")
    assert status["endpoint"] == {"url": "http://llama.models.svc"}
    assert (status["replicas"], status["readyReplicas"]) == (1, 1)
    assert status["selector"] == "modelbundle.dev/bundle=llama"
    assert status["startup"] == {"scheduled": 1, "images": 3, "prepare": 3, "download": 1.25, "load": 13, "ready": 20}
    assert status["slowest"] == "load, 13 of 20 s: the worker started, imported and loaded the bundle"
    assert status["imageID"].endswith("cd" * 32)
    assert status["observedGeneration"] == 1


async def test_what_cannot_be_resolved_is_stalled_and_has_no_children() -> None:
    world = World(model_bundle(appConfig={"seed": 2**60}))
    assert await world.look() == Outcome()
    assert world.ready() == ("False", "InvalidValue")
    assert world.condition("Stalled")["status"] == "True"
    assert {kind for kind, _, _ in world.cluster.objects} == {"ModelBundle"}
    await world.at_rest()


async def test_a_policy_that_refuses_a_child_is_said_and_tried_again() -> None:
    world = World(model_bundle())
    world.cluster.refuse["Deployment"] = refused("denied by policy: no models on Fridays")
    with pytest.raises(Transient):
        await world.look()
    assert world.ready() == ("False", "ApplyRefused")
    assert "no models on Fridays" in world.condition("Ready")["message"]
    world.cluster.refuse.clear()
    await world.look()
    assert world.ready()[1] == "Progressing"
    await world.at_rest()


async def test_the_first_cause_is_kept_until_the_bundle_is_ready() -> None:
    world = World(model_bundle())
    await world.look()
    load_failed = json.dumps({"reason": "LoadFailed", "message": "no weights", "seconds": {}})
    start: dict[str, Any] = {"prepare": completed(), "server": running(6)}
    world.rolled_out(pod(**start, worker=ended(1, load_failed, finished=9)))
    await world.look()
    assert world.status()["lastFailure"] == {
        "reason": "LoadFailed", "container": "worker", "exitCode": 1, "message": "worker says: no weights",
        "time": "2026-01-01T12:00:09Z", "count": 1,
    }  # fmt: skip
    world.rolled_out(pod(**start, worker=ended(1, "echo of it", finished=30, restarts=1)))
    await world.look()
    assert world.ready() == ("False", "WorkerCrashed")
    assert world.status()["lastFailure"]["reason"] == "LoadFailed"
    world.rolled_out(pod(**start, worker=ended(1, load_failed, finished=60, restarts=2)))
    await world.look()
    assert (world.status()["lastFailure"]["count"], world.status()["lastFailure"]["time"][-4:]) == (3, ":09Z")
    world.rolled_out(serving_pod())
    await world.look()
    assert "lastFailure" not in world.status()
    assert [event["reason"] for event in world.cluster.events] == [
        "LoadFailed", "WorkerCrashed", "LoadFailed", "Serving",
    ]  # fmt: skip
    await world.at_rest()


async def test_a_count_alone_is_told_when_it_has_doubled() -> None:
    world = World(model_bundle())
    await world.look()
    counts = []
    for restarts in range(8):
        world.rolled_out(pod(prepare=ended(1, json.dumps({"reason": "StoreUnreachable"}), restarts=restarts)))
        await world.look()
        counts.append(world.status()["lastFailure"]["count"])
    assert counts == [1, 2, 2, 4, 4, 4, 4, 8]


async def test_transition_times_move_only_with_the_status(served: World) -> None:
    since = served.condition("Resolved")["lastTransitionTime"]
    served.now = START + timedelta(hours=1)
    served.rolled_out(pod(prepare=completed(), server=running(6), worker=running(7)))
    await served.look()
    assert served.ready() == ("False", "Progressing")
    assert served.condition("Resolved")["lastTransitionTime"] == since
    assert served.condition("Ready")["lastTransitionTime"] == "2026-01-01T13:00:00Z"
    await served.at_rest()


async def test_a_roll_out_without_room_says_so_and_replaces_where_allowed() -> None:
    world = World(model_bundle(serving={"rollout": {"whenNoCapacity": "Replace"}}))
    await world.look()
    waits = pod(
        "llama-2", template="t2", created=50, unschedulable="0/1 nodes: 1 Insufficient cpu.", unschedulable_at=50
    )
    world.now = START + timedelta(seconds=60)
    world.rolled_out(serving_pod(), waits)
    outcome = await world.look()
    assert outcome.requeue_after == pytest.approx(51)
    assert world.condition("Reconciling")["reason"] == "Progressing"
    world.now = START + timedelta(seconds=111)
    await world.look()
    assert world.condition("Reconciling")["reason"] == "WaitingForCapacity"
    rolling = world.cluster.objects[("Deployment", *KEY.place)]["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxSurge": 0, "maxUnavailable": 1}
    world.rolled_out(serving_pod("llama-2", template="t2", created=50))
    await world.look()  # whole: the strategy goes back
    assert world.cluster.objects[("Deployment", *KEY.place)]["spec"]["strategy"]["rollingUpdate"]["maxSurge"] == 1
    world.rolled_out(serving_pod("llama-2", template="t2", created=50))
    await world.look()
    await world.at_rest()


async def test_a_pod_that_only_carries_the_bundles_labels_makes_nothing_ready(served: World) -> None:
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


async def test_a_start_that_is_over_in_a_moment_is_one_write() -> None:
    """The Deployment's own status is not asked for: what is Ready is all that it has."""
    world = World(model_bundle())
    await world.look()
    begun = world.now
    world.cluster.objects["Deployment", *KEY.place]["metadata"]["creationTimestamp"] = at(0)
    world.now = begun - timedelta(seconds=1)
    for pods in ([], [pod(prepare=running(2))]):
        world.rolled_out(*pods)
        world.cluster.set_status("Deployment", KEY, updatedReplicas=0, observedGeneration=0)
        assert (await world.look()).requeue_after == pytest.approx(1)
        assert world.status() == {}
        world.now = begun - timedelta(seconds=1)
    world.rolled_out(serving_pod())
    world.cluster.set_status("Deployment", KEY, updatedReplicas=0, observedGeneration=0)
    await world.look()
    assert world.ready() == ("True", "Serving")
    assert world.condition("Reconciling") == {}
    assert world.cluster.calls["apply", "ModelBundle"] == 1
    await world.at_rest()


async def test_what_fails_in_the_first_moment_is_said_at_once() -> None:
    world = World(model_bundle())
    await world.look()
    world.now -= timedelta(seconds=1)
    world.rolled_out(pod(prepare=waiting("ErrImagePull")))
    await world.look()
    assert world.ready() == ("False", "ImagePullFailed")


async def test_the_image_is_that_of_the_pods_until_a_roll_out_brings_a_mirror_that_has_moved() -> None:
    params = {"frameworkType": "pytorch", "pytorchImageTag": "2.4"}
    before = World(model_bundle(envParams=params), image_mirror="old.example/hub")
    await before.look()
    before.rolled_out(serving_pod())
    await before.look()
    after = World(cluster=before.cluster, image_mirror="new.example/hub")
    await after.look()
    assert after.status()["image"] == "old.example/hub/pytorch/pytorch:2.4"
    await after.at_rest()
    after.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(rollout={"token": "moved"}))
    await after.look()
    assert after.status()["image"] == "new.example/hub/pytorch/pytorch:2.4"
    template = after.cluster.objects["Deployment", *KEY.place]["spec"]["template"]
    assert after.status()["image"] in [each["image"] for each in template["spec"]["containers"]]
