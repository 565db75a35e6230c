"""An edit that is right for any other Deployment is undone here, and its author told once what to do in its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.api.names import FIELD_MANAGER
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.reconcile.disputes import QUIET
from modelbundle_operator.reconcile.drift import foreign_fields

from tests.operator.fake_cluster import FakeCluster
from tests.operator.town import KEY as ENDPOINT
from tests.operator.town import Town
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]
Edit = Callable[[Body], None]


def restarts(body: Body) -> None:
    body["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "2026-11-29T14:00:00Z"


def reloads(body: Body) -> None:
    body["spec"]["template"]["spec"]["containers"][0]["env"].append({"name": "STAKATER_KEYS_SECRET", "value": "1"})


def labels(body: Body) -> None:
    body["spec"]["template"]["metadata"]["labels"]["team"] = "search"


def limits(body: Body) -> None:
    body["spec"]["template"]["spec"]["containers"][0]["resources"].setdefault("limits", {})["cpu"] = "2"


def pauses(body: Body) -> None:
    body["spec"]["paused"] = True


def told(world: World | Town) -> list[Body]:
    return [event for event in world.cluster.events if event["reason"] == "EditUndone"]


@pytest.mark.parametrize(
    ("edit", "manager", "way"),
    [
        (restarts, "kubectl-rollout", 'kubectl patch mbun llama --type=merge -p \'{"spec": {"serving": {'),
        (reloads, "Reloader", "a new spec.serving.rollout.token, which Reloader cannot set"),
        (labels, "kubectl-edit", "spec.serving.podLabels"),
        (limits, "kubectl-set", "spec.serving.resources"),
        (pauses, "kubectl-rollout", "have that client leave the Deployment alone"),
    ],
)
async def test_the_way_is_named(served: World, edit: Edit, manager: str, way: str) -> None:
    served.cluster.edit("Deployment", KEY, edit, manager)
    await served.look()
    (event,) = told(served)
    assert event["regarding"]["kind"] == "ModelBundle"
    assert event["regarding"]["uid"] == served.cluster.objects["ModelBundle", *KEY.place]["metadata"]["uid"]
    assert event["type"] == "Warning"
    assert event["note"].startswith(f"An edit of the Deployment llama by {manager} was undone: .spec.")
    assert way in event["note"]
    await served.at_rest()


async def test_an_autoscaler_of_the_deployment_is_sent_to_the_bundle(served: World) -> None:
    metadata = {"name": KEY.name, "namespace": KEY.namespace}
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"replicas": 3}}
    served.cluster.apply_as("kube-controller-manager", scaled, "scale")
    for entry in served.cluster.objects["Deployment", *KEY.place]["metadata"]["managedFields"]:
        if entry["manager"] == FIELD_MANAGER:  # who changes a value takes it, which the fake cluster does not do
            del entry["fieldsV1"]["f:spec"]["f:replicas"]
    await served.look()
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 1
    (event,) = told(served)
    assert "kubectl scale mbun llama --replicas=N" in event["note"]
    assert "{apiVersion: modelbundle.dev/v1alpha1, kind: ModelBundle, name: llama}" in event["note"]
    await served.at_rest()


async def test_the_same_client_is_told_once_and_another_one_too(served: World) -> None:
    for manager in ("kubectl-rollout", "kubectl-rollout", "Reloader"):
        served.cluster.edit("Deployment", KEY, restarts, manager)
        await served.look()
    assert [event["note"].split(" by ")[1].split()[0] for event in told(served)] == ["kubectl-rollout", "Reloader"]
    served.now += QUIET + timedelta(seconds=1)
    served.cluster.edit("Deployment", KEY, restarts, "Reloader")
    await served.look()
    assert len(told(served)) == 3
    await served.at_rest()


async def test_what_the_operator_changes_itself_is_no_edit_of_others(served: World) -> None:
    def rolled(body: Body) -> None:
        body["spec"]["serving"] = {**body["spec"].get("serving", {}), "rollout": {"token": "2"}, "replicas": 2}

    served.cluster.edit("ModelBundle", KEY, rolled)
    await served.look()
    await served.at_rest()
    assert told(served) == []


async def test_the_service_of_an_endpoint_is_spoken_of_by_the_endpoint(town: Town) -> None:
    def sticks(body: Body) -> None:
        body["spec"]["sessionAffinity"] = "ClientIP"

    town.cluster.edit("Service", ENDPOINT, sticks, "kubectl-patch")
    await town.look()
    (event,) = told(town)
    assert event["regarding"]["kind"] == "ModelEndpoint"
    assert "where it leads is the spec of the ModelEndpoint" in event["note"]


async def test_an_edit_that_takes_managed_fields_away_is_undone_too(served: World) -> None:
    def edit(body: Body) -> None:
        pauses(body)
        body["metadata"]["managedFields"] = []

    before = served.cluster.objects["Deployment", *KEY.place]["spec"]["template"]
    served.cluster.edit("Deployment", KEY, edit, "")
    await served.look()
    after = served.cluster.objects["Deployment", *KEY.place]
    assert "paused" not in after["spec"]
    assert after["spec"]["template"] == before
    await served.at_rest()


class Strict(FakeCluster):
    """Refuses what an API server takes for no Deployment, also where an apply of a valid one would make it so."""

    def _store(self, live: Body | None, new: Body) -> Body:
        if new["kind"] == "Deployment":
            spec = new["spec"]
            variables = [each for one in spec["template"]["spec"]["containers"] for each in one.get("env", [])]
            if any("value" in each and "valueFrom" in each for each in variables):
                raise Refused(422, "env[0].valueFrom: Invalid value: may not be specified when `value` is not empty")
            if spec.get("minReadySeconds", 0) >= spec["progressDeadlineSeconds"]:
                raise Refused(422, "progressDeadlineSeconds: Invalid value: must be greater than minReadySeconds")
        return super()._store(live, new)


def refers(body: Body) -> None:
    """`kubectl set env --from`."""
    variable = next(each for each in body["spec"]["template"]["spec"]["containers"][0]["env"] if "value" in each)
    del variable["value"]
    variable["valueFrom"] = {"secretKeyRef": {"name": "theirs", "key": "key"}}


def is_patient(body: Body) -> None:
    body["spec"] |= {"minReadySeconds": 90_000, "progressDeadlineSeconds": 100_000}


@pytest.mark.parametrize("edit", [refers, is_patient])
@pytest.mark.parametrize("applied", [False, True], ids=["made by a POST", "applied to before"])
async def test_an_edit_beside_which_what_is_wanted_is_invalid_is_undone_too(edit: Edit, applied: bool) -> None:
    world = World(model_bundle(), Strict())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    if applied:
        world.cluster.edit("Deployment", KEY, pauses, "kubectl-rollout")
        await world.look()
    before = world.cluster.objects["Deployment", *KEY.place]
    world.cluster.edit("Deployment", KEY, edit, "kubectl-set")
    await world.look()
    after = world.cluster.objects["Deployment", *KEY.place]
    assert after["spec"] == before["spec"]
    assert "kubectl-set" in told(world)[-1]["note"]
    assert foreign_fields(after) == {}
    await world.at_rest()
