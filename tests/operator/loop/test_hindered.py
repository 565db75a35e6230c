"""The end of a cause for one key is the end of it for others: few are tried, until it is known."""

from __future__ import annotations

import asyncio

import pytest
from modelbundle_operator.errors import Cause, Transient
from modelbundle_operator.loop.controller import Controller, Outcome
from modelbundle_operator.loop.hindered import Hindered
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue

WEBHOOK, RANGE = Cause("webhook-down", "policy"), Cause("service-range", room=True)
QUOTA = Cause("quota", "compute", "models", room=True)


def keys(count: int, namespace: str = "models") -> list[Key]:
    return [Key(namespace, f"b-{n}") for n in range(count)]


async def tried(queue: WorkQueue) -> list[Key]:
    found = []
    while len(queue):
        key = await queue.get()
        assert key is not None
        queue.done(key)
        found.append(key)
    return found


async def test_a_success_lets_two_others_of_the_cause_try() -> None:
    queue = WorkQueue()
    hindered = Hindered(queue)
    first, *others = keys(5)
    for key in (first, *others):
        hindered.failed(key, WEBHOOK)
    hindered.failed(Key("models", "unlike"), QUOTA)
    hindered.succeeded(first)
    assert await tried(queue) == others[:2]
    hindered.succeeded(Key("models", "never-hindered"))
    assert await tried(queue) == []
    hindered.succeeded(others[0])
    hindered.succeeded(others[1])
    assert await tried(queue) == [others[2], others[3]]


async def test_each_deletion_is_room_for_the_next_in_line() -> None:
    queue = WorkQueue()
    hindered = Hindered(queue)
    first, second = keys(2)
    for key in (first, second):
        hindered.failed(key, QUOTA)
    hindered.deleted_in("elsewhere")
    assert await tried(queue) == []
    turns = []
    for _ in range(3):
        hindered.deleted_in("models")
        turns += await tried(queue)
        hindered.failed(turns[-1], QUOTA)  # it was not room enough
    assert turns == [first, second, first]


async def test_the_range_of_services_is_that_of_the_cluster_and_a_webhook_needs_no_room() -> None:
    queue = WorkQueue()
    hindered = Hindered(queue)
    (one,), (other,) = keys(1), keys(1, "others")
    hindered.failed(one, RANGE)
    hindered.failed(other, WEBHOOK)
    hindered.deleted_in("elsewhere")
    assert await tried(queue) == [one]


async def test_who_is_tried_for_room_begins_anew_with_short_intervals() -> None:
    queue = WorkQueue(jitter=lambda: 1.0)
    hindered = Hindered(queue)
    (key,) = keys(1)
    for _ in range(9):
        queue.retry(key)
        hindered.failed(key, QUOTA)
    hindered.deleted_in("models")
    assert queue.failures(key) == 0


async def test_a_key_that_is_hindered_alone_is_tried_again_by_itself_at_growing_intervals() -> None:
    """Nothing else is needed for it: no event, no success of another key, and no look at everything."""
    queue = WorkQueue(jitter=lambda: 0.001)
    tries, waits = list[Key](), list[float]()
    retry = queue.retry

    def noted(key: Key, after: float | None = None) -> float:
        waits.append(retry(key, after))
        return waits[-1]

    async def reconcile(key: Key) -> Outcome:
        tries.append(key)
        if len(tries) < 12:
            raise Transient("500", cause=WEBHOOK)
        return Outcome()

    queue.retry = noted  # type: ignore[method-assign]
    controller = Controller(queue, reconcile, workers=1, deadline=60)
    task = asyncio.create_task(controller.run())
    controller.queue.add(keys(1)[0])
    async with asyncio.timeout(60):
        while len(tries) < 12:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})
    assert [seconds / 0.001 for seconds in waits] == pytest.approx([0.5 * 2**n for n in range(10)] + [300.0])


@pytest.mark.parametrize("cause", [WEBHOOK, None])
async def test_a_key_has_one_cause(cause: Cause | None) -> None:
    hindered = Hindered(WorkQueue())
    (key,) = keys(1)
    hindered.failed(key, QUOTA)
    hindered.failed(key, cause)
    assert dict(hindered.counts()) == ({"webhook-down": 1} if cause else {})
    hindered.succeeded(key)
    assert not hindered.counts()


async def test_an_operator_that_no_longer_leads_knows_of_none() -> None:
    async def reconcile(key: Key) -> Outcome:
        raise Transient("500", cause=WEBHOOK)

    controller = Controller(WorkQueue(), reconcile, workers=1, deadline=60)
    task = asyncio.create_task(controller.run())
    controller.queue.add(keys(1)[0])
    async with asyncio.timeout(60):
        while not controller.hindered.counts():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})
    assert not controller.hindered.counts()
