"""After `kubectl delete --cascade=orphan` a bundle of the same name finds what serves, though it was not kept."""

from __future__ import annotations

from tests.operator.fake_cluster import Body, FakeCluster
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

CHILDREN = ("ConfigMap", "Service", "Deployment")


class Confined(FakeCluster):
    """As the admission policies have it, no write of the operator leaves a child without its owner."""

    async def replace(self, body: Body) -> Body:
        assert body["metadata"]["ownerReferences"]
        return await super().replace(body)


async def test_each_write_that_takes_a_child_back_names_the_owner() -> None:
    world = World(model_bundle(), Confined())
    await world.look()
    for kind in CHILDREN:
        world.cluster.edit(kind, KEY, lambda body: body["metadata"].update(ownerReferences=[]))
    await world.look()
    for kind in CHILDREN:
        assert world.cluster.objects[(kind, *KEY.place)]["metadata"]["ownerReferences"]


async def test_a_bundle_finds_the_pods_that_outlived_its_namesake() -> None:
    before = World(model_bundle())
    await before.look()
    before.rolled_out(serving_pod())
    await before.look()
    assert before.ready() == ("True", "Serving")
    before.cluster.delete("ModelBundle", KEY)
    for kind in CHILDREN:
        before.cluster.objects[(kind, *KEY.place)]["metadata"]["ownerReferences"] = []

    after = World(cluster=before.cluster)
    after.cluster.deliver(after.cache)
    assert not any(after.cache.sizes().values()), "nobody asks for what is left"
    body = model_bundle()
    body["metadata"]["uid"] = "uid-of-its-successor"
    after.cache.observe("ModelBundle", "ADDED", after.cluster.put(body))
    await after.reconcile(KEY)
    assert after.status()["replicas"] == 1
    await after.at_rest()
