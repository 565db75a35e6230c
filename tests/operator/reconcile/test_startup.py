"""How long a start took: written once, with the write that says that the bundle serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from modelbundle_operator.loop.key import Key
from modelbundle_operator.telemetry.metrics import Metrics

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import at, completed, model_bundle, over, pod, precheck_pod, running, serving_pod

Body = dict[str, Any]


def jobs(world: World) -> list[Body]:
    return [body for (kind, *_), body in world.cluster.objects.items() if kind == "Job"]


async def test_the_job_that_tried_it_first_stands_beside_the_parts() -> None:
    world = World(model_bundle(serving={"gpu": {"count": 1}}))
    await world.look()
    (job,) = jobs(world)
    job["metadata"].update(creationTimestamp=at(-7), resourceVersion="90")
    made = precheck_pod(job["metadata"]["name"], job["metadata"]["uid"], prepare=completed(), install=completed())
    made["metadata"].pop("resourceVersion")
    world.cluster.put(made)
    world.cache.removed("Job", Key("models", job["metadata"]["name"], "Job"))
    await world.look()
    assert world.status()["startup"] == {"check": 12}
    assert "slowest" not in world.status()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.status()["startup"]["check"] == 12
    assert world.status()["startup"]["ready"] == 20
    await world.at_rest()


async def test_each_start_is_counted_once_by_its_parts() -> None:
    world, metrics = World(model_bundle()), Metrics()
    seen: list[Mapping[str, float]] = []

    def count(parts: Mapping[str, float]) -> None:
        seen.append(parts)
        metrics.started(parts)

    world.reconcile = replace(world.reconcile, on_started=count)
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    await world.at_rest()
    world.rolled_out(serving_pod(), serving_pod("llama-2", created=40))
    await world.look()
    assert [parts["ready"] for parts in seen] == [20]
    page = metrics.exposition().decode()
    assert 'modelbundle_startup_seconds_sum{phase="load"} 13.0' in page
    assert 'modelbundle_startup_seconds_count{phase="install"} 0.0' in page
    assert "download" not in page


async def test_a_worker_that_comes_back_in_its_pod_is_no_other_start(served: World) -> None:
    before = served.status()["startup"]
    served.now += timedelta(seconds=900)
    crashed = pod(prepare=completed(), server=running(6, ready=True), worker=running(901, last=over(1), restarts=1))
    served.rolled_out(crashed)
    await served.look()
    assert served.ready()[0] == "False"
    served.rolled_out(serving_pod(worker=running(901, ready=True, last=over(1), restarts=1), ready_at=910))
    await served.look()
    assert served.ready() == ("True", "Serving")
    assert served.status()["startup"] == before
    await served.at_rest()


async def test_what_an_older_operator_wrote_of_a_bundle_that_serves_stays() -> None:
    world = World(model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    status = world.cluster.objects["ModelBundle", *KEY.place]["status"]
    status["startup"] = {"scheduled": 1, "prepare": 3, "load": 13, "ready": 20}
    del status["slowest"]
    await World(cluster=world.cluster).at_rest()
