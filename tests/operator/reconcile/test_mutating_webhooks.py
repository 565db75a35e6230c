"""What mutating webhooks make of a Deployment stays, costs no call at rest, and hinders no edit of the user's.

As Autopilot, Kyverno, Gatekeeper and meshes have them; the field managers of what they change are nobody's.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tests.operator.fake_cluster import FakeCluster
from tests.operator.reconcile.test_disputes import serves_by_one_apply
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle

Body = dict[str, Any]
_times = itertools.count(1)
POOL = {"key": "pool", "operator": "Exists"}


def _raises_requests(pod: Body) -> None:
    for container in pod["spec"]["containers"]:
        container["resources"]["requests"]["cpu"] = "250m"


def _mirrors_images(pod: Body) -> None:
    for container in pod["spec"]["initContainers"] + pod["spec"]["containers"]:
        container["image"] = "mirror.test/" + container["image"].removeprefix("mirror.test/")


def _tolerates(pod: Body) -> None:
    found = pod["spec"].setdefault("tolerations", [])
    if POOL not in found:
        found.append(dict(POOL))


def _stamps(pod: Body) -> None:
    """It gives the same input another output each time."""
    pod["metadata"]["labels"]["example.com/admitted"] = str(next(_times))


class Admission(FakeCluster):
    """An API server with a webhook on what is written to Deployments, their status apart."""

    def __init__(self, webhook: Callable[[Body], None]) -> None:
        super().__init__()
        self._webhook = webhook
        self._admits = False

    async def create(self, body: Body) -> Body:
        return await self._admitted(super().create(body))

    async def apply(self, body: Body) -> Body:
        return await self._admitted(super().apply(body))

    async def replace(self, body: Body) -> Body:
        return await self._admitted(super().replace(body))

    async def _admitted(self, write: Any) -> Body:
        self._admits = True
        try:
            stored: Body = await write
        finally:
            self._admits = False
        return stored

    def _store(self, live: Body | None, new: Body) -> Body:
        if self._admits and new["kind"] == "Deployment":
            self._webhook(new["spec"]["template"])
        return super()._store(live, new)


@pytest.mark.parametrize("webhook", [_raises_requests, _mirrors_images, _tolerates, _stamps])
async def test_what_a_webhook_makes_of_it_stays_and_costs_no_call_at_rest(webhook: Callable[[Body], None]) -> None:
    gpu = {"gpu": {"count": 1}, "tolerations": [{"key": "spot", "operator": "Exists"}]}
    world = World(model_bundle(serving=gpu), Admission(webhook), precheck=False)
    await serves_by_one_apply(world)
    before = world.cluster.calls["apply", "Deployment"]
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=2))
    for _ in range(4):
        await world.look()
    deployment = world.cluster.objects["Deployment", *KEY.place]
    assert deployment["spec"]["replicas"] == 2
    assert world.cluster.calls["apply", "Deployment"] <= before + 2, "the user's edit, and what it met was a POST's"
    await world.at_rest()
