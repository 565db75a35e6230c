"""The queue's promises, one behaviour per test."""

from __future__ import annotations

import asyncio

import pytest
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import LONGEST_RETRY_SECONDS, WorkQueue

PATIENCE = 60.0  # of what has to come; nothing is measured by it
A, B = Key("models", "a"), Key("models", "b")


def queue() -> WorkQueue:
    return WorkQueue(jitter=lambda: 1.0)


async def take(work: WorkQueue) -> Key | None:
    return await asyncio.wait_for(work.get(), PATIENCE)


async def test_a_key_that_is_added_twice_is_handed_out_once() -> None:
    work = queue()
    work.add(A)
    work.add(A)
    work.add(B)
    assert [await take(work), await take(work), len(work)] == [A, B, 0]


async def test_a_key_in_work_is_not_handed_out_to_another_worker() -> None:
    work = queue()
    work.add(A)
    assert await take(work) == A
    work.add(A)
    assert len(work) == 0
    work.done(A)
    assert await take(work) == A


async def test_a_waiting_worker_is_woken() -> None:
    work = queue()
    waiting = [asyncio.create_task(work.get()) for _ in range(2)]
    await asyncio.sleep(0)
    work.add(A)
    work.add(B)
    assert {await waiting[0], await waiting[1]} == {A, B}


async def test_a_worker_that_gives_up_waiting_takes_no_key_with_it() -> None:
    work = queue()
    first, second = asyncio.create_task(work.get()), asyncio.create_task(work.get())
    await asyncio.sleep(0)
    work.add(A)
    first.cancel()
    assert await asyncio.wait_for(second, PATIENCE) == A


async def test_later_means_later_and_the_sooner_of_two() -> None:
    work = queue()
    work.add_after(A, 60)
    work.add_after(A, 0.01)
    work.add_after(A, 60)
    assert len(work) == 0
    assert await take(work) == A


async def test_a_look_settles_what_was_planned_before() -> None:
    work = queue()
    work.add_after(A, 0.02)
    work.add(A)
    assert await take(work) == A
    work.done(A)
    await asyncio.sleep(0.04)
    assert len(work) == 0


async def test_failures_in_a_row_wait_longer_and_longer_up_to_a_limit() -> None:
    work = queue()
    assert [work.retry(A) for _ in range(4)] == [0.5, 1, 2, 4]
    for _ in range(40):
        longest = work.retry(A)
    assert longest == LONGEST_RETRY_SECONDS
    work.forget(A)
    assert work.retry(A) == 0.5
    assert work.retry(B, after=7) == 7
    work.close()


async def test_a_server_that_names_a_short_time_again_and_again_is_asked_less_and_less_often() -> None:
    work = queue()
    assert [work.retry(A, after=1) for _ in range(5)] == [1, 1, 2, 4, 8]
    assert [work.retry(B, after=0) for _ in range(3)] == [0.5, 1, 2]
    work.close()


def test_jitter_keeps_a_crowd_from_knocking_in_step() -> None:
    factors = {WorkQueue().jitter() for _ in range(50)}
    assert len(factors) > 1
    assert all(0.8 <= factor <= 1.2 for factor in factors)


async def test_a_closed_queue_hands_out_nothing_and_wakes_everybody() -> None:
    work = queue()
    waiting = [asyncio.create_task(work.get()) for _ in range(3)]
    await asyncio.sleep(0)
    work.add_after(A, 0.01)
    work.close()
    assert await asyncio.gather(*waiting) == [None, None, None]
    work.add(A)
    assert await take(work) is None


async def test_the_slowest_key_in_work_is_known() -> None:
    now = 100.0
    work = WorkQueue(clock=lambda: now)
    assert work.longest_unfinished_seconds() == 0
    work.add(A)
    await take(work)
    now = 107.0
    assert work.longest_unfinished_seconds() == pytest.approx(7)
    work.done(A)
    assert work.longest_unfinished_seconds() == 0
