"""Whose turn it is: no namespace waits for another one's thousand keys, nor for its slow looks."""

from __future__ import annotations

import asyncio

from modelbundle_operator.loop.controller import DONE, Controller, Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.turns import Turns
from modelbundle_operator.loop.workqueue import WorkQueue


def keys(namespace: str, count: int) -> list[Key]:
    return [Key(namespace, f"b-{n}") for n in range(count)]


def taken(turns: Turns) -> list[str]:
    """The namespaces that are given workers, until no more may be."""
    found = []
    while (key := turns.next()) is not None:
        found.append(key.namespace)
    return found


def test_namespaces_take_turns_and_a_key_keeps_its_place_in_its_own() -> None:
    turns = Turns(workers=1)
    for key in (*keys("many", 3), *keys("few", 1), *keys("some", 2)):
        turns.add(key)
    order = []
    while (following := turns.next()) is not None:
        order.append(following)
        turns.done(following)
    assert order == [
        Key("many", "b-0"), Key("few", "b-0"), Key("some", "b-0"), Key("many", "b-1"), Key("some", "b-1"),
        Key("many", "b-2"),
    ]  # fmt: skip
    assert len(turns) == 0


def test_each_namespace_leaves_a_worker_for_the_next() -> None:
    turns = Turns(workers=16)
    held = []
    for name in ("first", "second", "third", "fourth"):
        for key in keys(name, 100):
            turns.add(key)
        held.append(len(taken(turns)))
    assert held == [8, 4, 2, 1]
    turns.add(Key("fifth", "b-0"))
    assert taken(turns) == ["fifth"]


def test_a_worker_that_is_done_is_given_on() -> None:
    turns = Turns(workers=4)
    for key in keys("slow", 3):
        turns.add(key)
    assert taken(turns) == ["slow", "slow"]
    turns.add(Key("other", "b-0"))
    assert taken(turns) == ["other"]
    turns.done(Key("slow", "b-0"))
    assert taken(turns) == ["slow"]


async def test_the_slow_looks_of_one_namespace_keep_no_other_waiting() -> None:
    """Looks at one end when they are let go, and there are more of them than workers."""
    go_on, seen = asyncio.Event(), list[str]()

    async def reconcile(key: Key) -> Outcome:
        if key.namespace == "slow":
            await go_on.wait()
        seen.append(key.namespace)
        return DONE

    controller = Controller(WorkQueue(workers=8), reconcile, workers=8, deadline=600)
    task = asyncio.create_task(controller.run())
    for key in (*keys("slow", 50), *keys("quick", 50)):
        controller.enqueue(key)
    async with asyncio.timeout(60):
        while len(seen) < 50:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert set(seen) == {"quick"}
        go_on.set()
        while len(seen) < 100:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})
