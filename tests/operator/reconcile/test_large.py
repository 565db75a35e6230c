"""Large bundles: the loop has its turn while one is looked at, and what served before there was a bound goes on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle import content
from modelbundle_operator.bundle.resolve import resolve

from tests.operator.bundle import costs
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]
BEYOND = {"appConfig": {"a": [1] * 30_000}}


@pytest.fixture
def turns_often() -> Iterator[None]:
    """Threads take turns so often that a computation of a few milliseconds is many turns, however fast the machine."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00001)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("turns_often")
@pytest.mark.parametrize("of_size", [costs.references, costs.wide, costs.deep], ids=["refs", "wide", "deep"])
async def test_the_loop_has_its_turn_while_a_large_bundle_is_looked_at(of_size: Callable[[int], Body]) -> None:
    world = World(large(of_size(250 if of_size is costs.wide else 150)))
    for _ in range(2):
        await world.look()
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    await world.at_rest()
    counting.cancel()
    assert turns > 50, "the look took all of the loop"


@pytest.fixture
async def served_beyond(monkeypatch: pytest.MonkeyPatch) -> World:
    """A bundle that serves, of an operator that knew no bound."""
    with monkeypatch.context() as before:
        before.setattr(content, "check_count", lambda document: None)
        world = World(large(BEYOND))
        await world.look()
        world.rolled_out(serving_pod())
        await world.look()
    assert world.ready() == ("True", "Serving")
    return world


async def test_what_served_before_there_was_a_bound_serves_and_scales(served_beyond: World) -> None:
    await served_beyond.at_rest()
    served_beyond.cluster.edit("ModelBundle", KEY, lambda body: body["spec"]["serving"].update(replicas=2))
    await served_beyond.look()
    assert served_beyond.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 2
    assert served_beyond.ready() == ("True", "Serving")


async def test_it_keeps_its_children_even_where_its_status_was_lost(served_beyond: World) -> None:
    children = {ref: body for ref, body in served_beyond.cluster.objects.items() if ref[0] != "ModelBundle"}
    served_beyond.cluster.edit("ModelBundle", KEY, lambda body: body.pop("status"))
    await served_beyond.look()
    assert served_beyond.ready() == ("False", "TooLarge")
    assert {ref: served_beyond.cluster.objects[ref] for ref in children} == children
    await served_beyond.at_rest()


async def test_another_digest_in_its_status_lets_nothing_pass() -> None:
    world = World({**large(BEYOND), "status": {"digest": "sha256:" + "0" * 64}})
    await world.look()
    assert world.ready() == ("False", "TooLarge")
    assert "20000 are allowed" in world.condition("Ready")["message"]


def test_a_large_text_is_no_large_count() -> None:
    assert resolve(parse(large({"appConfigJSON": '{"a": [' + "1," * 50_000 + "1]}"}))).digest


def large(fields: Body) -> Body:
    body = model_bundle()
    return {**body, "spec": {**body["spec"], "bundle": {**body["spec"]["bundle"], **fields}}}
