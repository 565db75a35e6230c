"""A bundle of 0 replicas is one object: what it serves with is made when it is first to serve, and kept from then on.

Each story ends by showing that one more look changes nothing.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from modelbundle_operator.api.names import ANNOTATION_TEMPLATE
from modelbundle_operator.kube.kinds import CHILD_KINDS
from modelbundle_operator.kube.resync import Resync
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.reconcile.children import NameTaken
from modelbundle_operator.settings import Settings

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]


def stored(**bundle: Any) -> Body:
    return model_bundle(serving={"replicas": 0}, **bundle)


async def resynced(world: World) -> None:
    """All that is there was listed, which counts as no call here."""
    await Resync(world.cluster, world.cache, lambda _: None, 300.0).once()
    world.cluster.calls.clear()


def scale(world: World, replicas: int) -> None:
    world.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=replicas))


def children(world: World) -> dict[str, Body]:
    return {ref[0]: copy.deepcopy(body) for ref, body in world.cluster.objects.items() if ref[0] in CHILD_KINDS}


@pytest.fixture
async def kept(served: World) -> World:
    """A bundle that has served."""
    scale(served, 0)
    await served.look()
    served.rolled_out()
    await served.look()
    assert served.ready() == ("True", "Stored")
    return served


async def test_it_costs_one_object_and_two_calls() -> None:
    world = World(stored())
    await resynced(world)
    await world.look()
    assert world.ready() == ("True", "Stored")
    assert world.condition("Resolved")["status"] == "True"
    assert world.condition("Reconciling") == {}
    assert children(world) == {}
    assert world.cluster.calls == {("apply", "ModelBundle"): 1, ("create", "Event"): 1}
    await world.at_rest()
    assert world.cluster.total() == 2


async def test_a_deployment_is_asked_for_once_where_none_was_listed() -> None:
    """As where the operator may not list them."""
    world = World(stored())
    await world.look()
    assert world.cluster.calls == {("read", "Deployment"): 1, ("apply", "ModelBundle"): 1, ("create", "Event"): 1}
    await world.at_rest()
    assert world.cluster.total() == 3, "at rest it is not asked for again"


async def test_a_document_of_any_size_costs_no_more() -> None:
    world = World(stored(appConfig={"x": "x" * 100_000}))
    await resynced(world)
    await world.look()
    await world.at_rest()
    assert world.cluster.total() == 2


async def test_what_it_needs_is_made_when_it_is_first_to_serve() -> None:
    world = World(stored())
    await world.look()
    scale(world, 1)
    await world.look()
    assert tuple(children(world)) == CHILD_KINDS
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    await world.at_rest()


async def test_what_has_served_keeps_its_name_and_its_template(kept: World) -> None:
    before = children(kept)
    assert tuple(before) == CHILD_KINDS
    assert before["Deployment"]["spec"]["replicas"] == 0
    await kept.at_rest()
    # by another version of the operator
    kept.reconcile = Reconciler(kept.cluster, kept.cache, Settings(runtime_image="other"), lambda: kept.now)
    scale(kept, 1)
    await kept.look()
    after = children(kept)
    assert {kind: body["metadata"]["uid"] for kind, body in after.items()} == {
        kind: body["metadata"]["uid"] for kind, body in before.items()
    }
    template = after["Deployment"]["metadata"]["annotations"][ANNOTATION_TEMPLATE]
    assert template == before["Deployment"]["metadata"]["annotations"][ANNOTATION_TEMPLATE]
    kept.rolled_out(serving_pod())
    await kept.look()
    await kept.at_rest()


async def test_a_new_operator_finds_them_and_leaves_them(kept: World) -> None:
    """As one does of which a former version made them though the bundle never served."""
    before = children(kept)
    after = World(cluster=kept.cluster)
    after.cluster.calls.clear()
    await after.look()
    await after.at_rest()
    assert children(after) == before
    assert after.cluster.total() == 0


def _no_owner(body: Body) -> None:
    body["metadata"]["ownerReferences"] = []


def _content(body: Body) -> None:
    part = body["data"] if body["kind"] == "ConfigMap" else body["spec"]
    part.update({"replicas": 7, "selector": {"app": "other"}, "bundle.json": "{}"})


@pytest.mark.parametrize("kind", CHILD_KINDS)
@pytest.mark.parametrize("change", [_no_owner, _content])
async def test_what_is_kept_is_kept_as_it_should_be(kept: World, kind: str, change: Any) -> None:
    before = children(kept)[kind]
    kept.cluster.edit(kind, KEY, change)
    await kept.look()
    after = children(kept)[kind]
    for part in ("spec", "data"):
        assert (after.get(part) or {}).items() >= (before.get(part) or {}).items()
    assert after["metadata"]["ownerReferences"] == before["metadata"]["ownerReferences"]
    kept.rolled_out()
    await kept.look()
    await kept.at_rest()


@pytest.mark.parametrize("kind", CHILD_KINDS)
async def test_what_is_deleted_comes_back_when_it_is_needed(kept: World, kind: str) -> None:
    kept.cache.observe(kind, "DELETED", kept.cluster.delete(kind, KEY))
    await kept.at_rest()
    assert kind not in children(kept)
    scale(kept, 1)
    await kept.look()
    assert kind in children(kept)
    kept.rolled_out(serving_pod())
    await kept.look()
    await kept.at_rest()


@pytest.mark.parametrize("kind", CHILD_KINDS)
@pytest.mark.parametrize("owner", ["", "ModelEndpoint"])
async def test_a_strangers_object_is_in_the_way_only_when_it_is_to_serve(kind: str, owner: str) -> None:
    world = World(stored())
    of = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": owner, "name": "llama", "uid": "u", "controller": True}
    metadata = {"name": "llama", "namespace": "models", "ownerReferences": [of] if owner else []}
    made = world.cluster.put({"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {}})
    await world.look()
    assert world.ready() == ("True", "Stored")
    await world.at_rest()
    scale(world, 1)
    with pytest.raises(NameTaken):
        await world.look()
    assert world.ready() == ("False", "NameConflict")
    scale(world, 0)
    await world.look()
    assert world.ready() == ("True", "Stored")
    assert children(world) == {kind: made}
    await world.at_rest()


@pytest.mark.parametrize("tells", ["the LIST", "the watch", "the watch, once the bundle is known", "nobody"])
async def test_what_has_outlived_a_namesake_is_taken_back_and_ended(served: World, tells: str) -> None:
    """It was deleted with --cascade=orphan. Nobody asked for what is left, so the cache has none of it."""
    served.cluster.delete("ModelBundle", KEY)
    after = World(cluster=served.cluster)
    if tells.startswith("the watch"):
        await resynced(after)
    for kind in CHILD_KINDS:
        served.cluster.edit(kind, KEY, _no_owner)
    if tells == "the LIST":
        await resynced(after)
    elif tells == "the watch":
        after.cluster.deliver(after.cache)
    assert not any(after.cache.sizes().values())
    after.cache.observe("ModelBundle", "ADDED", served.cluster.put({**stored(), "status": {}}))
    if tells.endswith("is known"):
        assert after.cache.observe("Deployment", "MODIFIED", children(after)["Deployment"])
    await after.reconcile(KEY)
    assert after.status()["replicas"] == 1
    assert children(after)["Deployment"]["spec"]["replicas"] == 0
    after.rolled_out()
    await after.look()
    assert after.ready() == ("True", "Stored")
    assert after.status()["replicas"] == 0
    for body in children(after).values():
        assert body["metadata"]["ownerReferences"][0]["uid"] == "uid-of-llama"
    await after.at_rest()


async def test_pods_of_a_deployment_that_lost_our_label_are_ended(kept: World) -> None:
    def change(body: Body) -> None:
        del body["metadata"]["labels"]["app.kubernetes.io/managed-by"]
        body["spec"]["replicas"] = 1

    kept.cache.observe("Deployment", "DELETED", kept.cluster.edit("Deployment", KEY, change))
    await kept.at_rest()
    kept.cluster.put(serving_pod())
    await kept.look()
    deployment = children(kept)["Deployment"]
    assert deployment["spec"]["replicas"] == 0
    assert deployment["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "modelbundle-operator"
    kept.rolled_out()
    await kept.look()
    await kept.at_rest()


async def test_what_a_namesake_has_left_is_left_to_the_garbage_collection(served: World) -> None:
    successor = stored()
    successor["metadata"]["uid"] = "uid-of-its-successor"
    served.cluster.put({**successor, "status": {}})
    before = children(served)
    await served.look()
    assert served.ready() == ("True", "Stored")
    assert children(served) == before
    await served.at_rest()
