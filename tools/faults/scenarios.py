"""What a user does in a run: first what is settled before anything counts, then what the faults fall into.

A scenario says nothing of how it should end: that is what its undisturbed run shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tools.faults.bodies import bundle, clone, endpoint, quota, with_gpu
from tools.faults.observer import Room
from tools.testkit.rest import Api

Body = dict[str, Any]

SETTLE_SECONDS = 180.0  # on a machine that does much else
REQUIREMENTS = ["humanize==4.10.0"]


@dataclass(frozen=True)
class User:
    """Who creates, edits and deletes in one namespace, past the proxy."""

    api: Api
    namespace: str
    room: Room

    async def create(self, *bodies: Body) -> None:
        for body in bodies:
            await self.api.create(_PLURALS[body["kind"]], body, self.namespace)

    async def change(self, plural: str, name: str, change: Body) -> None:
        await self.api.merge(plural, self.namespace, name, change)

    async def scale(self, name: str, replicas: int) -> None:
        await self.change("modelbundles", name, {"spec": {"serving": {"replicas": replicas}}})

    async def delete(self, plural: str, name: str) -> None:
        await self.api.delete(plural, self.namespace, name)

    async def until(self, what: str, holds: Callable[[], object]) -> None:
        """Wait for what the observer sees."""
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not holds():
                    await self.room.changed.wait()
        except TimeoutError:
            raise TimeoutError(f"{what}: not within {SETTLE_SECONDS:g} s") from None

    async def until_ready(self, plural: str, *names: str, reason: str = "") -> None:
        for name in names:
            await self.until(f"{plural}/{name} is Ready {reason}", partial(self._ready, plural, name, reason))

    async def until_said(self, name: str, reason: str) -> None:
        """The bundle's Ready has this reason."""
        await self.until(f"{name} says {reason}", lambda: self._condition("modelbundles", name).get("reason") == reason)

    def _ready(self, plural: str, name: str, reason: str) -> bool:
        found = self._condition(plural, name)
        return found.get("status") == "True" and reason in ("", found["reason"])

    def _condition(self, plural: str, name: str) -> Body:
        body = self.room.objects.get((plural, name)) or {}
        if (body.get("status") or {}).get("observedGeneration") != (body.get("metadata") or {}).get("generation", 0):
            return {}
        conditions: list[Body] = body["status"].get("conditions") or []
        return next((each for each in conditions if each["type"] == "Ready"), {})


_PLURALS = {
    "ModelBundle": "modelbundles",
    "ModelEndpoint": "modelendpoints",
    "ConfigMap": "configmaps",
    "Service": "services",
    "ResourceQuota": "resourcequotas",
}
_CHILDREN = ("configmaps", "services", "deployments", "poddisruptionbudgets")
Do = Callable[[User], Awaitable[None]]


async def nothing(_: User) -> None:
    """What some scenarios settle first."""


@dataclass(frozen=True)
class Scenario:
    name: str
    act: Do
    settle: Do = nothing
    end: Do = nothing  # waits for an end that comes after a silence: nothing else tells it from one


def creating(*bodies: Body) -> Do:
    async def act(user: User) -> None:
        await user.create(*bodies)

    return act


def serving(*names: str, then: Do = nothing) -> Do:
    """Bundles that serve already."""

    async def settle(user: User) -> None:
        await user.create(*(bundle(name) for name in names))
        await user.until_ready("modelbundles", *names, reason="Serving")
        await then(user)

    return settle


async def requiring(user: User) -> None:
    """A base that installs for itself: with one replica and no GPU it makes no layer."""
    await user.create(bundle("one", requirements=REQUIREMENTS))
    await user.until_ready("modelbundles", "one", reason="Serving")


async def clone_and_base(user: User) -> None:
    """The clone's layer is made, and what already serves names it once it is looked at: here for a second replica."""
    await user.create(clone("two", "one", appConfig={"b": 2}))
    await user.until_ready("modelbundles", "two", reason="Serving")
    await user.scale("one", 2)


async def scale_up(user: User) -> None:
    await user.scale("one", 3)


async def scale_down(user: User) -> None:
    """With the second replica goes the budget."""
    await user.scale("one", 1)


async def scale_to_zero(user: User) -> None:
    await user.scale("one", 0)


async def serve_what_is_stored(user: User) -> None:
    await user.scale("one", 1)


async def three(user: User) -> None:
    await user.create(bundle("one", 3))
    await _all_answer(user, 3)


async def _all_answer(user: User, pods: int) -> None:
    """Until so many of the bundle's pods do."""
    known = user.room.objects
    await user.until(
        f"{pods} pods", lambda: known.get(("deployments", "one"), {}).get("status", {}).get("readyReplicas") == pods
    )
    await user.until_ready("modelbundles", "one", reason="Serving")


async def stored(user: User) -> None:
    await user.create(bundle("one", 0))
    await user.until_ready("modelbundles", "one")


async def out_of_order(user: User) -> None:
    """The clone of a clone first, the base last, and late enough that those before it have to wait."""
    await user.create(clone("three", "two", 0, env=[{"name": "C", "value": "3"}]))
    await user.create(clone("two", "one", 0, appConfig={"b": 2}))
    await user.until_said("two", "BaseNotFound")
    await user.create(bundle("one", 0, appConfig={"a": 1}))


async def served_at(user: User) -> None:
    await user.create(endpoint("stable", "one"))
    await user.until_ready("modelendpoints", "stable")


async def move(user: User) -> None:
    await user.change("modelendpoints", "stable", {"spec": {"bundle": "two"}})


async def moved(user: User) -> None:
    """Until the last connection to the former bundle has ended, which takes most of a minute."""

    def holds() -> bool:
        status = user.room.objects["modelendpoints", "stable"].get("status") or {}
        return status.get("bundle") == "two" and "moving" not in status

    await user.until("the endpoint has moved", holds)


async def edit_children(user: User) -> None:
    # paused, so that no pod is made of it: whether one is would hang on who is quicker
    pod = {"metadata": {"annotations": {"other": "value"}}, "spec": {"terminationGracePeriodSeconds": 7}}
    await user.change("deployments", "one", {"spec": {"template": pod, "paused": True}})
    await user.change("services", "one", {"spec": {"selector": {"other": "value"}}})
    await user.change("configmaps", "one", {"data": {"bundle.json": "{}", "more": "x"}})


async def delete_children(user: User) -> None:
    for plural in ("configmaps", "services", "deployments"):
        await user.delete(plural, "one")


async def delete_bundle(user: User) -> None:
    await user.delete("modelbundles", "one")


async def children_are_gone(user: User) -> None:
    """The garbage collector takes its time, where much is going on more of it than a silence lasts."""
    await user.until(
        "no children", lambda: not any(name == "one" and plural in _CHILDREN for plural, name in user.room.objects)
    )


async def delete_and_create(user: User) -> None:
    """A successor of the same name and another content, while the former's children are on their way out."""
    await user.delete("modelbundles", "one")
    await user.create(bundle("one", appConfig={"second": True}))


async def successor_is_ready(user: User) -> None:
    """On a control plane that is new, garbage collection may begin only after half a minute."""
    content = bundle("one", appConfig={"second": True})["spec"]["bundle"]
    known = user.room.objects
    await user.until(
        "a successor", lambda: known.get(("modelbundles", "one"), {}).get("spec", {}).get("bundle") == content
    )
    await user.until_ready("modelbundles", "one")


async def delete_base(user: User) -> None:
    """What was resolved needs its base no more."""
    await user.delete("modelbundles", "one")
    await user.scale("two", 1)


async def clone_is_stored(user: User) -> None:
    await user.create(bundle("one", 0), clone("two", "one", 0, appConfig={"b": 2}))
    await user.until_ready("modelbundles", "one", "two")


def limited(**hard: str) -> Do:
    async def settle(user: User) -> None:
        await user.create(quota(**hard))
        await user.until("the quota counts", lambda: _hard(user))

    return settle


def _hard(user: User) -> object:
    return (user.room.objects.get(("resourcequotas", "quota"), {}).get("status") or {}).get("hard")


async def refused_once(user: User) -> None:
    await limited(**{"services": "0"})(user)
    await user.create(bundle("one"))
    await user.until_said("one", "ApplyRefused")


async def lift_the_quota(user: User) -> None:
    await user.delete("resourcequotas", "quota")


async def foreign_service(user: User) -> None:
    """A Service that belongs to another user has the name."""
    ports = [{"port": 80}]
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"}, "spec": {"ports": ports}}
    await user.create(service)


SCENARIOS = (
    Scenario("create stored", creating(bundle("one", 0))),
    Scenario("create serving", creating(bundle("one"))),
    Scenario("create with a GPU", creating(with_gpu(bundle("one")))),
    Scenario("create with a layer", creating(with_gpu(bundle("one", requirements=REQUIREMENTS)))),
    Scenario("serve what is stored", serve_what_is_stored, stored),
    Scenario("scale up", scale_up, serving("one")),
    Scenario("scale down", scale_down, three),
    Scenario("scale to zero", scale_to_zero, serving("one")),
    Scenario("clone", creating(clone("two", "one", appConfig={"b": 2})), serving("one")),
    Scenario("clone with a layer", clone_and_base, requiring),
    Scenario("clone chain out of order", out_of_order),
    Scenario("base deleted", delete_base, clone_is_stored),
    Scenario("endpoint created", creating(endpoint("stable", "one")), serving("one")),
    Scenario("endpoint moves", move, serving("one", "two", then=served_at), moved),
    Scenario("child edited", edit_children, serving("one")),
    Scenario("child deleted", delete_children, serving("one")),
    Scenario("bundle deleted", delete_bundle, serving("one"), children_are_gone),
    Scenario("bundle replaced", delete_and_create, serving("one"), successor_is_ready),
    Scenario("bad bundle", creating(bundle("one", requestSchema={"type": "object"}))),
    Scenario("name taken", creating(bundle("one")), foreign_service),
    Scenario("refused by a quota", creating(bundle("one")), limited(services="0")),
    Scenario("quota lifted", lift_the_quota, refused_once),
)
