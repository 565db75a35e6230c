"""A status that is refused for its words is written without them."""

from __future__ import annotations

from typing import Any

from modelbundle_operator.kube.errors import Refused

from tests.operator.fake_cluster import FakeCluster
from tests.operator.world import World, running
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


def clone(name: str, base: str) -> Body:
    body = model_bundle(name, serving={"replicas": 0})
    return {**body, "spec": {**body["spec"], "bundle": {"cloneFrom": {"name": base}}}}


async def test_what_others_have_added_to_a_status_keeps_nobody_busy() -> None:
    """Two clones that wait for each other, each with a condition of another controller: no write of ours ever equals
    what is there, and each would wake the other one."""
    async with running() as town:
        town.apply(clone("a", "b"), clone("b", "a"))
        await town.settle()
        assert [town.reason(name) for name in "ab"] == ["CloneCycle", "CloneCycle"]
        for name in "ab":
            theirs = {"type": "Scanned", "status": "True", "reason": "Clean", "message": ""}
            metadata = {"name": name, "namespace": "models"}
            added = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelBundle", "metadata": metadata}
            body = town.cluster.apply_as("scanner", {**added, "status": {"conditions": [theirs]}}, "status")
            town.on_event("MODIFIED", body)
        await town.settle()
        before = town.cluster.writes()
        town.touch("a")
        await town.settle()
        assert town.cluster.writes() - before <= 2
