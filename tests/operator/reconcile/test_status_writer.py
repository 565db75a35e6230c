"""A status that is refused for its words is written without them."""

from __future__ import annotations

from typing import Any

from modelbundle_operator.kube.client import Refused

from tests.operator.world import World
from tools.testkit.cluster_objects import model_bundle

Body = dict[str, Any]


async def test_a_refused_text_leaves_the_rest_of_the_status() -> None:
    """As the API server has it: what it cannot read is 400, and nothing is stored."""
    world = World(model_bundle(serving={"replicas": 0}))
    written = world.cluster.apply_status

    async def picky(body: Body) -> Body:
        if any("No pod has" in each["message"] for each in body["status"]["conditions"]):
            raise Refused(400, "error decoding YAML")
        return await written(body)

    world.cluster.apply_status = picky  # type: ignore[method-assign]
    await world.look()
    assert world.ready() == ("True", "Stored")
    assert "The API server refuses the rest of this text" in world.condition("Ready")["message"]
    assert world.status()["digest"].startswith("sha256:")
