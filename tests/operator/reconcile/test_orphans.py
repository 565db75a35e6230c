"""After `kubectl delete --cascade=orphan` a bundle of the same name finds what serves, though it was not kept."""

from __future__ import annotations

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

CHILDREN = ("ConfigMap", "Service", "Deployment")


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
