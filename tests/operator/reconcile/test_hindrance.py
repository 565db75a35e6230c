"""What keeps the children from being written is said by the object once it lasts, and heals."""

from __future__ import annotations

from collections import Counter

import pytest
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.reconcile.children import NameLeaving
from modelbundle_operator.reconcile.endpoint import EndpointReconciler
from modelbundle_operator.settings import Settings

from tests.operator.fake_cluster import FakeCluster, refused
from tests.operator.town import KEY as ENDPOINT
from tests.operator.town import Town, endpoint
from tests.operator.world import KEY, World, running
from tools.testkit.cluster_objects import model_bundle, serving_pod

DOWN = 'PATCH /x: 500: Internal error occurred: failed calling webhook "policy.example.com": connection refused'


class Tried(World):
    """A bundle whose failed looks are counted, as the queue does."""

    def __init__(self, *args: object) -> None:
        super().__init__(model_bundle(), *args)  # type: ignore[arg-type]
        self.tries = Counter[str]()
        self.reconcile = Reconciler(
            self.cluster, self.cache, Settings(), lambda: self.now, failures=lambda _: self.tries["failed"]
        )

    async def fails(self) -> None:
        with pytest.raises(Transient):
            await self.look()
        self.tries["failed"] += 1


async def test_a_webhook_that_is_down_is_said_from_the_second_try_on_and_heals() -> None:
    world = Tried()
    world.cluster.refuse["Deployment"] = Transient(DOWN, status=500)
    await world.fails()
    assert world.status() == {}, "it may be over in half a second"
    await world.fails()
    assert world.ready() == ("False", "ApplyRefused")
    assert "policy.example.com does not answer" in world.condition("Ready")["message"]
    assert world.condition("Reconciling")["status"] == "True"
    assert world.status()["digest"].startswith("sha256:")
    assert [event["reason"] for event in world.cluster.events] == ["ApplyRefused"]
    said = world.cluster.objects["ModelBundle", *KEY.place]["metadata"]["resourceVersion"]
    await world.fails()
    assert world.cluster.objects["ModelBundle", *KEY.place]["metadata"]["resourceVersion"] == said
    world.cluster.refuse.clear()
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    await world.at_rest()


async def test_what_serves_is_said_to_serve_while_an_edit_is_refused(served: World) -> None:
    served.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=2))
    served.cluster.refuse["Deployment"] = refused("no more than one")
    with pytest.raises(Transient):
        await served.look()
    assert served.ready() == ("False", "ApplyRefused")
    assert served.condition("Available")["status"] == "True"
    assert served.status()["observedGeneration"] == 2


async def test_a_conflict_that_lasts_is_said_and_one_that_does_not_is_not() -> None:
    world = Tried()
    world.cluster.refuse["Service"] = Conflict("PATCH /x: 409: the object has been modified", status=409)
    for _ in range(4):
        await world.fails()
    assert world.status() == {}
    await world.fails()
    assert "Another client changes the object" in world.condition("Ready")["message"]


async def test_a_child_that_does_not_go_is_said_with_what_holds_it_up() -> None:
    world = Tried()
    world.cluster.put(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": KEY.name,
                "namespace": KEY.namespace,
                "labels": {"app.kubernetes.io/managed-by": "modelbundle-operator"},
                "deletionTimestamp": "2026-01-01T00:00:00Z",
                "finalizers": ["example.com/load-balancer"],
            },
            "spec": {},
        }
    )
    for _ in range(4):
        await world.fails()
    assert world.status() == {}
    with pytest.raises(NameLeaving):
        await world.look()
    assert world.ready() == ("False", "NameConflict")
    assert "example.com/load-balancer" in world.condition("Ready")["message"]


async def test_an_endpoint_says_it_too() -> None:
    town = Town(endpoint("v1"))
    town.look_at = EndpointReconciler(town.cluster, town.cache, lambda: town.now, failures=lambda _: 1)
    town.cluster.refuse["Service"] = Transient(
        "POST /x: 500: failed to allocate a serviceIP: range is full", status=500
    )
    with pytest.raises(Transient):
        await town.look(ENDPOINT)
    assert town.said() == ("False", "ApplyRefused")
    assert "no address left for a Service" in town.message()


async def test_when_one_of_many_is_let_through_all_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their own intervals have grown to minutes by then; none of them has to pass."""
    for name in ("FIRST_RETRY_SECONDS", "LONGEST_RETRY_SECONDS"):
        monkeypatch.setattr(f"modelbundle_operator.loop.workqueue.{name}", 360_000.0)
    cluster = FakeCluster()
    cluster.refuse["Deployment"] = Transient(DOWN, status=500)
    names = [f"b-{n}" for n in range(40)]
    async with running(cluster) as operator:
        operator.apply(*(model_bundle(name) for name in names))
        await operator.settle()
        assert not any(operator.status(name) for name in names)
        cluster.refuse.clear()
        operator.touch(names[7])
        for name in names:
            await operator.until(name, "Progressing")
        await operator.at_rest()
