"""The loop round reconcile: what is retried, what is waited for, what a signal leaves undone."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from modelbundle_operator.errors import OperatorError, Transient
from modelbundle_operator.loop.controller import DONE, Controller, Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue

A, B = Key("models", "a"), Key("models", "b")
Reconcile = Callable[[Key], Awaitable[Outcome]]


@contextlib.asynccontextmanager
async def controller(reconcile: Reconcile, deadline: float = 5) -> AsyncIterator[Controller]:
    made = Controller(WorkQueue(jitter=lambda: 0.01), reconcile, workers=4, deadline=deadline)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_each_time_it_runs_all_that_is_known_is_looked_at_and_nothing_in_between() -> None:
    looks: list[Key] = []

    async def reconcile(key: Key) -> Outcome:
        looks.append(key)
        return DONE

    queue = WorkQueue()
    queue.close()
    made = Controller(queue, reconcile, workers=1, deadline=5, known=lambda: [B, A])
    for run in (1, 2):
        made.enqueue(A)
        assert len(queue) == 0, "an operator that stands by has nothing to do"
        task = asyncio.create_task(made.run())
        await until(lambda: len(looks) == 2 * run)  # noqa: B023
        task.cancel()
        await asyncio.wait({task})
    assert looks == [A, B, A, B]


async def test_looks_that_wait_for_nothing_let_others_have_their_turn() -> None:
    """Thousands follow each other as work begins, and the Lease is to be renewed meanwhile."""
    looks, left = 0, asyncio.Event()

    async def reconcile(_: Key) -> Outcome:
        nonlocal looks
        looks += 1
        left.set()
        return DONE

    async with controller(reconcile) as made:
        for number in range(1000):
            made.enqueue(Key("models", f"b-{number}"))
        await left.wait()
        assert looks < 100
        await until(lambda: looks == 1000)


@pytest.mark.parametrize("may_finish", [True, False])
async def test_what_is_in_hand_is_finished_only_while_it_may_be(may_finish: bool) -> None:
    begun, go, finished = asyncio.Event(), asyncio.Event(), False

    async def reconcile(key: Key) -> Outcome:
        nonlocal finished
        begun.set()
        await go.wait()
        finished = True
        return DONE

    made = Controller(WorkQueue(), reconcile, 1, 60, known=lambda: [A], may_finish=lambda: may_finish)
    task = asyncio.create_task(made.run())
    await begun.wait()
    task.cancel()
    if may_finish:
        asyncio.get_running_loop().call_later(0.05, go.set)
    await asyncio.wait({task})
    assert finished is may_finish


async def test_a_key_is_never_in_two_workers() -> None:
    inside, most, looks = 0, 0, 0

    async def reconcile(key: Key) -> Outcome:
        nonlocal inside, most, looks
        inside, looks = inside + 1, looks + 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1
        return DONE

    async with controller(reconcile) as made:
        for _ in range(20):
            made.enqueue(A)
            await asyncio.sleep(0.002)
        await until(lambda: looks >= 3)
    assert most == 1
    assert looks < 20


@pytest.mark.parametrize(
    ("error", "traceback"),
    [(Transient("503"), False), (OperatorError("no status may be written"), False), (ValueError("a bug"), True)],
    ids=["transient", "refused", "bug"],
)
async def test_failures_are_tried_again_and_only_bugs_leave_a_traceback(
    error: Exception, traceback: bool, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[Key] = []

    async def reconcile(key: Key) -> Outcome:
        looks.append(key)
        if len(looks) < 3:
            raise error
        return DONE

    with caplog.at_level(logging.INFO):
        async with controller(reconcile) as made:
            made.enqueue(A)
            await until(lambda: len(looks) == 3)
            await until(lambda: made.queue.failures(A) == 0)
    assert any(record.exc_info for record in caplog.records) == traceback


async def test_what_hangs_is_given_up_and_tried_again() -> None:
    looks = 0

    async def reconcile(_: Key) -> Outcome:
        nonlocal looks
        looks += 1
        if looks == 1:
            await asyncio.sleep(60)
        return DONE

    async with controller(reconcile, deadline=0.02) as made:
        made.enqueue(A)
        await until(lambda: looks == 2)


async def test_an_outcome_can_ask_for_another_look() -> None:
    looks = 0

    async def reconcile(_: Key) -> Outcome:
        nonlocal looks
        looks += 1
        return Outcome(requeue_after=0.01) if looks < 3 else DONE

    async with controller(reconcile) as made:
        made.enqueue(A)
        await until(lambda: looks == 3)


async def test_who_waits_on_another_is_woken_with_it() -> None:
    looks: list[Key] = []

    async def reconcile(key: Key) -> Outcome:
        looks.append(key)
        return Outcome(waits_on=frozenset({B})) if looks == [A] else DONE

    async with controller(reconcile) as made:
        made.enqueue(A)
        await until(lambda: looks == [A])
        made.enqueue(B)
        await until(lambda: sorted(looks) == [A, A, B])
        made.enqueue(B)  # A waits no more
        await until(lambda: looks.count(B) == 2)
    assert looks.count(A) == 2


async def test_news_that_comes_while_the_look_is_under_way_is_not_missed() -> None:
    looks: list[Key] = []
    began, go_on = asyncio.Event(), asyncio.Event()

    async def reconcile(key: Key) -> Outcome:
        looks.append(key)
        if looks == [A]:
            began.set()
            await go_on.wait()
            return Outcome(waits_on=frozenset({B}))
        return DONE

    async with controller(reconcile) as made:
        made.enqueue(A)
        await began.wait()
        made.enqueue(B)
        await until(lambda: looks == [A, B])
        go_on.set()
        await until(lambda: looks == [A, B, A])


async def test_a_look_that_fails_goes_on_waiting() -> None:
    looks: list[Key] = []

    async def reconcile(key: Key) -> Outcome:
        looks.append(key)
        if looks.count(A) == 2:
            raise Transient("503", after=3600)
        return Outcome(waits_on=frozenset({B})) if key == A else DONE

    async with controller(reconcile) as made:
        for looked in (lambda: looks.count(A) == 1, lambda: looks.count(A) == 2):
            made.enqueue(A)
            await until(looked)
        made.enqueue(B)
        await until(lambda: looks.count(A) == 3)


async def test_a_signal_lets_what_is_in_hand_finish_and_starts_nothing() -> None:
    began, finished = asyncio.Event(), []

    async def reconcile(key: Key) -> Outcome:
        began.set()
        await asyncio.sleep(0.05)
        finished.append(key)
        return Outcome(requeue_after=0)

    async with controller(reconcile) as made:
        made.enqueue(A)
        await began.wait()
    assert finished == [A]
