"""A status that is refused for its words is written without them."""

from __future__ import annotations

from typing import Any

from modelbundle_operator.kube.errors import Refused

from tests.operator.fake_cluster import FakeCluster
from tests.operator.world import World
from tools.testkit.cluster_objects import model_bundle

Body = dict[str, Any]


class Picky(FakeCluster):
    """Refuses a text of one check, as an API server refuses what it cannot read: 400, and nothing is stored."""

    async def apply_status(self, body: Body) -> Body:
        if any("No pod has" in each["message"] for each in body["status"]["conditions"]):
            raise Refused(400, "error decoding YAML")
        return await super().apply_status(body)


async def test_a_refused_text_leaves_the_rest_of_the_status() -> None:
    world = World(model_bundle(serving={"replicas": 0}), Picky())
    await world.look()
    assert world.ready() == ("True", "Stored")
    assert "The API server refuses the rest of this text" in world.condition("Ready")["message"]
    assert world.status()["digest"].startswith("sha256:")
