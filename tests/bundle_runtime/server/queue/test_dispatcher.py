"""Every admitted request leaves exactly once, whatever happens in whatever order."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.lifecycle import Lifecycle
from bundle_runtime.server.queue.dispatcher import Dispatcher
from bundle_runtime.server.queue.send_policy import SEND_AHEAD_MAX

pytestmark = pytest.mark.undisturbed


class Worker:
    """Answers what it was sent when the test says so."""

    def __init__(self, max_concurrency: int = 1, queue_limit: int = 10, timeout: float = 60.0) -> None:
        self.finished: list[tuple[Any, str]] = []
        self.sent: list[int] = []
        self.cancelled: list[int] = []
        loop = asyncio.get_running_loop()
        self.dispatcher = Dispatcher(loop, max_concurrency, queue_limit, timeout, Lifecycle())
        self.dispatcher.on_finish = self._finish
        self.connect()

    def connect(self) -> None:
        self.sent.clear()
        self.dispatcher.ready(self._send, 0)

    def _send(self, kind: int, id: int, payload: bytes) -> None:
        (self.sent if kind == wire.REQUEST else self.cancelled).append(id)

    def _finish(self, context: Any, code: str, payload: bytes) -> None:
        self.finished.append((context, code))

    def answer(self, id: int, micros: int = 5000, code: str = "") -> None:
        self.sent.remove(id)
        self.dispatcher.answered(wire.Frame(wire.RESPONSE, id, b"1", (0, micros, 0)), code)


async def test_no_more_than_max_concurrency_is_sent_and_order_is_kept() -> None:
    worker = Worker(max_concurrency=2)
    for name in "abcd":
        worker.dispatcher.admit(name, b"{}")
    assert len(worker.sent) == 2
    assert (worker.dispatcher.in_flight, worker.dispatcher.queue_depth) == (2, 2)
    while worker.sent:
        worker.answer(worker.sent[0])
    assert worker.finished == [(name, "") for name in "abcd"]
    assert (worker.dispatcher.in_flight, worker.dispatcher.queue_depth) == (0, 0)


async def test_a_quick_function_is_sent_some_ahead_and_a_slow_one_is_not() -> None:
    worker = Worker(queue_limit=100)

    def answered_in(micros: int) -> int:
        for _ in range(60):
            worker.dispatcher.admit("x", b"{}")
            while worker.sent:
                worker.answer(worker.sent[0], micros)
        for _ in range(50):
            worker.dispatcher.admit("x", b"{}")
        sent = len(worker.sent)
        assert worker.dispatcher.in_flight == 1
        assert worker.dispatcher.queue_depth == 49
        while worker.sent:
            worker.answer(worker.sent[0], micros)
        return sent

    assert answered_in(25_000) == 1
    assert answered_in(50) == 1 + SEND_AHEAD_MAX
    assert answered_in(5000) == 2
    assert answered_in(25_000) == 1


@pytest.mark.parametrize("micros", [50, 5000])
async def test_requests_that_come_and_go_hide_no_function_that_hangs(micros: int) -> None:
    worker = Worker(queue_limit=100, timeout=0.02)
    dispatcher = worker.dispatcher
    for _ in range(20):
        dispatcher.admit("quick", b"{}")
        worker.answer(worker.sent[0], micros)
    dispatcher.admit("hangs", b"{}")
    mean = dispatcher._table.mean_micros
    hangs, *_ = worker.sent
    for _ in range(5):
        dispatcher.admit("later", b"{}")
        await asyncio.sleep(0.03)
        for id in worker.sent[1:]:  # the worker's link takes them out of its queue and says so
            worker.answer(id, 0, wire.CANCELLED)
    assert worker.sent == [hangs]
    assert dispatcher.held_seconds > 0.1
    assert dispatcher._table.mean_micros == mean


async def test_full_counts_what_runs_for_nobody() -> None:
    worker = Worker(queue_limit=1)
    gone = worker.dispatcher.admit("gone", b"{}")
    worker.dispatcher.drop(gone)
    assert worker.cancelled == [gone.id]
    assert not worker.dispatcher.full()
    worker.dispatcher.admit("waits", b"{}")
    assert worker.dispatcher.full()
    worker.answer(gone.id)
    assert worker.finished == []
    assert not worker.dispatcher.full()


async def test_a_batch_of_many_holds_one_place() -> None:
    worker = Worker(max_concurrency=2)
    dispatcher = worker.dispatcher
    dispatcher.ready(worker._send, 4)
    a, b, *together = (dispatcher.admit(name, b"{}").id for name in "abcd")
    for id in (a, b):
        dispatcher.answered(wire.Frame(wire.RESPONSE, id, b"1", wire.NO_TIME), "")
    assert set(together) == dispatcher._table.outstanding
    await asyncio.sleep(0.01)
    assert dispatcher.held_seconds == 0
    dispatcher.admit("e", b"{}")
    await asyncio.sleep(0.01)
    assert dispatcher.held_seconds > 0


async def test_deadlines() -> None:
    worker = Worker(timeout=0.05)
    worker.dispatcher.admit("runs", b"{}")
    worker.dispatcher.admit("waits", b"{}")
    await asyncio.wait_for(worker.dispatcher.idle(), 60)
    assert worker.finished == [("runs", "DeadlineExceeded"), ("waits", "DeadlineExceeded")]
    assert len(worker.cancelled) == 1, "only what was sent"
    worker.answer(worker.sent[0])
    assert worker.sent == [], "the one that waited is never sent"


async def test_a_lost_worker() -> None:
    worker = Worker()
    worker.dispatcher.admit("runs", b"{}")
    worker.dispatcher.admit("waits", b"{}")
    worker.dispatcher.worker_lost()
    assert worker.finished == [("runs", "WorkerDied")]
    assert not worker.dispatcher.has_worker
    worker.dispatcher.admit("new", b"{}")
    worker.connect()
    worker.answer(worker.sent[0])
    worker.answer(worker.sent[0])
    assert worker.finished[1:] == [("waits", ""), ("new", "")]


async def test_a_batch_that_was_to_go_ahead_stays_when_its_worker_is_lost() -> None:
    worker = Batching()
    worker.dispatcher.admit("a", b"{}")
    await asyncio.sleep(0.1)
    worker.answer_batch(worker.batches[0])
    for name in "bcdef":
        worker.dispatcher.admit(name, b"{}")
    assert len(worker.batches) == 2, "the third is timed"
    worker.dispatcher.worker_lost()
    sent: list[int] = []
    worker.dispatcher.ready(lambda kind, id, payload: sent.append(kind), 0)
    await asyncio.sleep(0.15)
    assert sent == [wire.REQUEST] * 2, "one by one, and one ahead"


async def test_no_worker_comes() -> None:
    worker = Worker()
    worker.dispatcher.worker_lost()
    worker.dispatcher.admit("waits", b"{}")
    worker.dispatcher.give_up()
    assert worker.finished == [("waits", "NotReady")]
    worker.connect()
    assert worker.sent == []


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_happens_each_leaves_once(seed: int) -> None:
    chance = random.Random(seed)
    worker = Worker(max_concurrency=chance.choice([1, 3]), queue_limit=5)
    admitted, dropped = 0, set()
    open_requests: dict[int, Any] = {}
    for step in range(400):
        action = chance.random()
        if action < 0.5 and not worker.dispatcher.full():
            open_requests[step] = worker.dispatcher.admit(step, b"{}")
            admitted += 1
        elif action < 0.85 and worker.sent:
            worker.answer(chance.choice(worker.sent), chance.choice([10, 10, 10_000]))
        elif action < 0.95 and open_requests:
            name = chance.choice(list(open_requests))
            if name not in {context for context, _ in worker.finished}:
                dropped.add(name)
            worker.dispatcher.drop(open_requests.pop(name))
        elif action > 0.99:
            worker.dispatcher.worker_lost()
            worker.connect()
    while worker.sent:
        worker.answer(worker.sent[0])
    left = [context for context, _ in worker.finished]
    assert len(left) == len(set(left))
    assert set(left) | dropped == set(left) ^ dropped, "dropped ones are not answered"
    assert len(left) + len(dropped) == admitted
    assert (worker.dispatcher.in_flight, worker.dispatcher.queue_depth) == (0, 0)


class Batching(Worker):
    """Takes batches of at most two."""

    def connect(self) -> None:
        self.batches: list[list[int]] = []
        self.dispatcher.ready(self._send_batch, 2)

    def _send_batch(self, kind: int, id: int, payload: bytes) -> None:
        if kind == wire.BATCH:
            self.batches.append([id for id, _ in wire.unpack_batch(wire.Frame(kind, id, payload, wire.NO_TIME))])

    def answer_batch(self, ids: list[int]) -> None:
        for id in ids:
            self.dispatcher.answered(wire.Frame(wire.RESPONSE, id, b"1", (0, 5000, 0)), "")


async def test_the_next_batch_goes_before_the_answers_of_the_last() -> None:
    worker = Batching()
    for name in "abc":
        worker.dispatcher.admit(name, b"{}")
    first = worker.batches[0]
    worker.answer_batch(first)
    assert (len(worker.batches), worker.finished) == (2, [])
    await asyncio.sleep(0)
    assert worker.finished == [("a", "")]


async def test_who_leaves_between_the_answer_and_its_turn_gets_none() -> None:
    worker = Batching()
    pending = [worker.dispatcher.admit(name, b"{}") for name in "ab"]
    worker.answer_batch(worker.batches[0])
    worker.dispatcher.drop(pending[0])
    worker.answer_batch(worker.batches[1])
    await worker.dispatcher.idle()
    assert worker.finished == [("b", "")]


async def test_a_full_batch_is_sent_a_moment_before_the_last_one_ends() -> None:
    worker = Batching()
    worker.dispatcher.admit("a", b"{}")
    await asyncio.sleep(0.1)
    worker.answer_batch(worker.batches[0])  # which teaches how long they take
    for name in "bcdef":
        worker.dispatcher.admit(name, b"{}")
    assert len(worker.batches) == 2, "the second begins"
    async with asyncio.timeout(60):
        while len(worker.batches) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    assert [len(batch) for batch in worker.batches] == [1, 1, 2], "and one is ahead of its answer, not two"
    assert worker.dispatcher.queue_depth == 2
    for batch in worker.batches[1:]:
        worker.answer_batch(batch)
    worker.answer_batch(worker.batches[3])
    await asyncio.sleep(0)
    assert worker.finished == [(name, "") for name in "abcdef"]
