"""The loop against a cluster in memory. Each story ends by showing that one more look changes nothing."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.kinds import CHILD_KINDS
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.reconcile.children import NameTaken
from modelbundle_operator.settings import Settings

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import completed, model_bundle, pod, running, serving_pod

Body = dict[str, Any]


async def test_from_create_to_ready_in_few_calls() -> None:
    world = World(model_bundle())
    await world.look()
    assert [kind for kind in CHILD_KINDS if (kind, *KEY.place) in world.cluster.objects] == list(CHILD_KINDS)
    assert world.status() == {}, "its pods are there in a moment"
    world.rolled_out(pod(prepare=running(2)))
    await world.look()
    assert world.ready() == ("Unknown", "Progressing")
    world.rolled_out(pod(prepare=completed(), server=running(6), worker=running(7)))
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    assert world.condition("Reconciling") == {}
    assert world.cluster.total() <= 7, world.cluster.calls
    assert [event["reason"] for event in world.cluster.events] == ["Serving"]
    await world.at_rest()


async def test_the_deployment_comes_after_its_config_map() -> None:
    world = World(model_bundle())
    world.cluster.refuse["ConfigMap"] = Transient("503")
    with pytest.raises(Transient):
        await world.look()
    assert ("Deployment", *KEY.place) not in world.cluster.objects
    world.cluster.refuse.clear()
    await world.look()
    assert ("Deployment", *KEY.place) in world.cluster.objects
    await world.look()
    await world.at_rest()


@pytest.mark.parametrize("kind", CHILD_KINDS)
@pytest.mark.parametrize("seen", [True, False], ids=["with its event", "in a gap of the watch, after a resync"])
async def test_a_deleted_child_comes_back(served: World, kind: str, seen: bool) -> None:
    gone = served.cluster.delete(kind, KEY)
    if seen:
        served.cache.observe(kind, "DELETED", gone)
    else:
        listed, version = await served.cluster.list(kind, keep=lambda body: served.cache.keep(kind, body))
        assert served.cache.replace(kind, listed, version) >= {KEY}
    await served.look()
    assert (kind, *KEY.place) in served.cluster.objects
    served.rolled_out(serving_pod())
    await served.look()
    await served.at_rest()


def _other_replicas(body: Body) -> None:
    body["spec"]["replicas"] = 7


def _other_selector(body: Body) -> None:
    body["spec"]["selector"] = {"app": "foreign"}


def _other_data(body: Body) -> None:
    body["data"]["bundle.json"] = "{}"


def _added_env(body: Body) -> None:
    body["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "FOREIGN", "value": "1"})


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("Deployment", _other_replicas),
        ("Service", _other_selector),
        ("ConfigMap", _other_data),
        ("Deployment", _added_env),
    ],
)
async def test_a_foreign_edit_is_undone(served: World, kind: str, change: Callable[[Body], None]) -> None:
    before = served.cluster.objects[(kind, *KEY.place)]
    content = json.dumps([before.get("spec"), before.get("data")], sort_keys=True)
    served.cluster.edit(kind, KEY, change)
    await served.look()
    after = served.cluster.objects[(kind, *KEY.place)]
    assert json.dumps([after.get("spec"), after.get("data")], sort_keys=True) == content
    served.rolled_out(serving_pod())
    await served.look()
    await served.at_rest()


@pytest.mark.parametrize("kind", CHILD_KINDS)
async def test_an_orphaned_child_is_taken_back(served: World, kind: str) -> None:
    served.cluster.edit(kind, KEY, lambda body: body["metadata"].update(ownerReferences=[]))
    await served.look()
    (owner,) = served.cluster.objects[(kind, *KEY.place)]["metadata"]["ownerReferences"]
    assert owner["uid"] == served.cluster.objects[("ModelBundle", *KEY.place)]["metadata"]["uid"]
    assert served.ready() == ("True", "Serving")
    await served.at_rest()


async def test_a_strangers_object_is_left_alone_until_it_goes() -> None:
    world = World(model_bundle())
    stranger = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "llama", "namespace": "models"}}
    world.cluster.put({**stranger, "spec": {"selector": {"app": "theirs"}}})
    with pytest.raises(NameTaken):
        await world.look()
    assert world.ready() == ("False", "NameConflict")
    assert "Service llama exists" in world.condition("Ready")["message"]
    assert all((kind, *KEY.place) not in world.cluster.objects for kind in ("ConfigMap", "Deployment")), "nothing made"
    assert world.cluster.objects[("Service", *KEY.place)]["spec"]["selector"] == {"app": "theirs"}
    with pytest.raises(NameTaken), world.cluster.expect_no_writes():
        await world.look()
    world.cluster.delete("Service", KEY)
    await world.look()
    assert world.ready()[1] == "Progressing"
    await world.at_rest()


async def test_the_service_of_an_endpoint_of_the_same_name_is_said_to_be_in_the_way() -> None:
    world = World(model_bundle())
    owner = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "name": "llama", "uid": "u"}
    metadata = {"name": "llama", "namespace": "models", "ownerReferences": [{**owner, "controller": True}]}
    world.cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}})
    with pytest.raises(NameTaken):
        await world.look()
    assert world.ready() == ("False", "NameConflict")
    assert world.condition("Ready")["message"].endswith("It continues automatically when the ModelEndpoint is deleted.")
    with pytest.raises(NameTaken), world.cluster.expect_no_writes():
        await world.look()


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
async def test_children_of_a_deleted_namesake_are_waited_for(served: World, version: str) -> None:
    """Whichever version of our API the ownerReference was written in."""
    for kind in CHILD_KINDS:
        owners = served.cluster.objects[kind, *KEY.place]["metadata"]["ownerReferences"]
        owners[0]["apiVersion"] = f"modelbundle.dev/{version}"
    served.cluster.delete("ModelBundle", KEY)
    again = model_bundle(appConfig={"mode": "other"})
    again["metadata"]["uid"] = "uid-of-the-successor"
    served.cluster.put(again)
    with pytest.raises(Transient, match="garbage collection"), served.cluster.expect_no_writes():
        await served.look()
    for kind in CHILD_KINDS:
        served.cache.observe(kind, "DELETED", served.cluster.delete(kind, KEY))
    await served.look()
    owner = served.cluster.objects[("Deployment", *KEY.place)]["metadata"]["ownerReferences"][0]
    assert owner["uid"] == "uid-of-the-successor"
    await served.look()
    assert served.status()["readyReplicas"] == 0, "the old pod carries another digest"
    await served.at_rest()


async def test_nothing_is_done_for_a_bundle_that_goes_or_has_gone(served: World) -> None:
    going = served.cluster.objects[("ModelBundle", *KEY.place)]
    served.cluster.put({**going, "metadata": {**going["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    served.cache.observe("Service", "DELETED", served.cluster.delete("Service", KEY))
    await served.at_rest()
    served.cache.observe("ModelBundle", "DELETED", served.cluster.delete("ModelBundle", KEY))
    await served.at_rest()
    assert ("Service", *KEY.place) not in served.cluster.objects


async def test_scaling_is_passed_on(served: World) -> None:
    bundle = served.cluster.objects[("ModelBundle", *KEY.place)]
    served.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=2))
    await served.look()
    assert served.cluster.objects[("Deployment", *KEY.place)]["spec"]["replicas"] == 2
    assert served.status()["observedGeneration"] == bundle["metadata"]["generation"] + 1
    assert served.ready() == ("True", "Serving")
    assert served.condition("Reconciling")["reason"] == "Progressing"
    served.rolled_out(serving_pod(), serving_pod("llama-2"))
    await served.look()
    assert served.status()["readyReplicas"] == 2
    assert served.condition("Reconciling") == {}
    await served.at_rest()


async def test_another_operator_image_restarts_nothing(served: World) -> None:
    served.reconcile = Reconciler(
        served.cluster,
        served.cache,
        Settings(runtime_image="modelbundle/runtime:next"),
        lambda: served.now,
    )
    await served.at_rest()


async def test_more_replicas_than_are_allowed_are_refused_and_what_serves_goes_on() -> None:
    world = World(model_bundle(), replicas_max=3)
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    for replicas in (4, 3):
        world.cluster.edit("ModelBundle", KEY, functools.partial(_scale, replicas))
        await world.look()
        deployment = world.cluster.objects["Deployment", *KEY.place]
        assert deployment["spec"]["replicas"] == (1 if replicas == 4 else 3)
        if replicas == 4:
            assert world.ready()[1] == "InvalidValue"
            assert "3 are allowed here" in world.condition("Ready")["message"]
        await world.at_rest()


@pytest.mark.parametrize("name", ["memory", "ephemeral-storage", "gpu"])
async def test_a_gpu_by_a_name_that_none_can_have_is_refused_and_what_serves_goes_on(name: str) -> None:
    world = World(model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    before = world.cluster.objects["Deployment", *KEY.place]
    world.cluster.edit("ModelBundle", KEY, functools.partial(_gpu, name))
    await world.look()
    assert world.ready()[1] == "InvalidValue"
    assert f"spec.serving.gpu.resourceName is {name}" in world.condition("Ready")["message"]
    assert world.cluster.objects["Deployment", *KEY.place] == before
    await world.at_rest()


def _gpu(name: str, body: dict[str, Any]) -> None:
    body["spec"]["serving"] = {**body["spec"].get("serving", {}), "gpu": {"count": 1, "resourceName": name}}


def _scale(replicas: int, body: dict[str, Any]) -> None:
    body["spec"]["serving"]["replicas"] = replicas
