"""Children that `--cascade=orphan` left are counted and named, and stop to be when they are taken back or deleted."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from modelbundle_operator.kube.kinds import ALL_CHILD_KINDS
from modelbundle_operator.kube.resync import Resync

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle


async def test_what_an_orphaning_delete_leaves_is_reported_until_it_is_taken_back(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World(model_bundle(serving={"replicas": 2}))
    await world.look()
    resync = Resync(world.cluster, world.cache, lambda _: None, 300.0)
    await resync.once()
    assert not any(resync.orphans.counts().values())

    world.cache.observe("ModelBundle", "DELETED", world.cluster.delete("ModelBundle", KEY))
    for kind in ALL_CHILD_KINDS:
        world.cluster.objects[(kind, *KEY.place)]["metadata"]["ownerReferences"] = []
    with caplog.at_level(logging.WARNING):
        await resync.once()
        await resync.once()
    assert resync.orphans.counts() == {**dict.fromkeys(ALL_CHILD_KINDS, 1), "Job": 0}
    assert sum("Deployment models/llama has no ModelBundle any more" in each.message for each in caplog.records) == 1

    body = model_bundle(serving={"replicas": 2})
    body["metadata"]["uid"] = "uid-of-its-successor"
    world.cluster.put(body)
    await world.look()
    await resync.once()
    assert not any(resync.orphans.counts().values())


async def test_a_job_that_has_lost_its_bundle_is_counted_by_its_label(caplog: pytest.LogCaptureFixture) -> None:
    world = World()
    labels = {"app.kubernetes.io/managed-by": "modelbundle-operator", "modelbundle.dev/bundle": "llama"}
    metadata = {"name": "modelbundle-precheck-1", "namespace": "models", "labels": labels}
    world.cluster.put({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata})
    resync = Resync(world.cluster, world.cache, lambda _: None, 300.0)
    with caplog.at_level(logging.WARNING):
        await resync.once()
    assert resync.orphans.counts()["Job"] == 1
    assert any("Job of models/llama has no ModelBundle any more" in each.message for each in caplog.records)


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {}},
        {"labels": {"modelbundle.dev/bundle": "another"}},
        {
            "labels": {"modelbundle.dev/bundle": "llama"},
            "ownerReferences": [{"kind": "ModelBundle", "uid": "u", "controller": True}],
        },
    ],
    ids=["never a bundle's", "not by its name", "garbage collection takes it"],
)
async def test_what_has_no_lost_owner_is_none(metadata: dict[str, Any]) -> None:
    world = World()
    labels = {**metadata["labels"], "app.kubernetes.io/managed-by": "modelbundle-operator"}
    names = {"name": "llama", "namespace": "models"}
    world.cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": {**names, **metadata, "labels": labels}})
    resync = Resync(world.cluster, world.cache, lambda _: None, 300.0)
    await resync.once()
    assert not any(resync.orphans.counts().values())
