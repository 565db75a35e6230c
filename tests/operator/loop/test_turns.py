"""Whose turn it is: no namespace waits for another one's thousand keys, nor for its slow looks or its heavy objects."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

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


@contextlib.asynccontextmanager
async def at_work(
    queue: WorkQueue, reconcile: Callable[[Key], Awaitable[Outcome]], asked: Iterable[Key]
) -> AsyncIterator[None]:
    """Eight workers look at what is asked for, for a minute at most."""
    controller = Controller(queue, reconcile, workers=8, deadline=600)
    task = asyncio.create_task(controller.run())
    for key in asked:
        controller.enqueue(key)
    async with asyncio.timeout(60):
        yield
    task.cancel()
    await asyncio.wait({task})


async def until(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


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


def test_one_heavy_key_is_in_work_at_a_time_and_namespaces_take_turns_in_their_line_too() -> None:
    turns = Turns(workers=16)
    for key in (*keys("many", 3), *keys("few", 1)):
        turns.add(key, heavy=True)
    assert len(turns) == 4
    order = []
    while (following := turns.next()) is not None:
        assert turns.next() is None, "another one is in work"
        order.append(following)
        turns.done(following)
    assert order == [Key("many", "b-0"), Key("few", "b-0"), Key("many", "b-1"), Key("many", "b-2")]


def test_heavy_keys_of_any_number_of_namespaces_hold_one_worker() -> None:
    turns = Turns(workers=4)
    for number in range(20):
        turns.add(Key(f"heavy-{number}", "b"), heavy=True)
    assert len(taken(turns)) == 1
    turns.add(Key("light", "b"))
    assert taken(turns) == ["light"]


def test_with_one_worker_neither_line_waits_for_the_end_of_the_other() -> None:
    turns = Turns(workers=1)
    for key in keys("heavy", 3):
        turns.add(key, heavy=True)
    for key in keys("light", 3):
        turns.add(key)
    order = []
    while (following := turns.next()) is not None:
        order.append(following.namespace)
        turns.done(following)
    assert order == ["heavy", "light"] * 3


def test_what_is_forgotten_while_a_heavy_key_is_in_work_frees_the_line_when_that_is_done() -> None:
    turns = Turns(workers=2)
    first, second = keys("heavy", 2)
    turns.add(first, heavy=True)
    assert turns.next() == first
    turns.clear()
    turns.add(second, heavy=True)
    assert turns.next() is None
    turns.done(first)
    assert turns.next() == second


async def test_slow_writes_of_heavy_objects_keep_no_light_one_waiting() -> None:
    """As many namespaces as there are workers write heavy ones, and none of these writes ends."""
    go_on, seen, heavy = asyncio.Event(), list[str](), [Key(f"heavy-{number}", "b") for number in range(8)]
    at_once = most = 0

    async def reconcile(key: Key) -> Outcome:
        nonlocal at_once, most
        if key in heavy:
            at_once += 1
            most = max(most, at_once)
            await go_on.wait()
            at_once -= 1
        seen.append(key.namespace)
        return DONE

    queue = WorkQueue(workers=8, is_heavy=heavy.__contains__)
    async with at_work(queue, reconcile, (*heavy, *keys("light", 50))):
        await until(lambda: len(seen) >= 50)
        assert set(seen) == {"light"}
        go_on.set()
        await until(lambda: len(seen) >= 58)
    assert most == 1


async def test_the_slow_looks_of_one_namespace_keep_no_other_waiting() -> None:
    """Looks at one end when they are let go, and there are more of them than workers."""
    go_on, seen = asyncio.Event(), list[str]()

    async def reconcile(key: Key) -> Outcome:
        if key.namespace == "slow":
            await go_on.wait()
        seen.append(key.namespace)
        return DONE

    async with at_work(WorkQueue(workers=8), reconcile, (*keys("slow", 50), *keys("quick", 50))):
        await until(lambda: len(seen) >= 50)
        assert set(seen) == {"quick"}
        go_on.set()
        await until(lambda: len(seen) >= 100)
