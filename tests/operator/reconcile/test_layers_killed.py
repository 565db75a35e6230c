"""An operator that is killed on the way to a layer leaves nothing that the next one does not end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.operator.fake_cluster import FakeCluster
from tests.operator.reconcile.layered import (
    GPU,
    MANY,
    STORED,
    Body,
    deployment,
    in_job,
    jobs,
    named,
)
from tests.operator.world import World
from tools.testkit.cluster_objects import (
    layer,
    model_bundle,
)


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
