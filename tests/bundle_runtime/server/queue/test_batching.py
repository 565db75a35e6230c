"""How long a batch takes, which requests are too late for it, and how long the queue may be."""

from __future__ import annotations

import math
import random
from collections import deque

import pytest

from bundle_runtime.contract import wire
from bundle_runtime.server.queue.batching import (
    DURATION_SAMPLES,
    QUEUE_MAX_BATCHES,
    SEND_AHEAD_SECONDS,
    BatchPlan,
    Duration,
)
from bundle_runtime.server.queue.request import Pending


def fitted(a: float, b: float, noise: float = 0.0, count: int = DURATION_SAMPLES) -> Duration:
    duration = Duration()
    rng = random.Random(0)
    for _ in range(count):
        size = rng.randint(1, 64)
        duration.add(size, a * size + b + rng.uniform(0, noise))
    return duration


def test_nothing_is_known_at_first() -> None:
    assert Duration().seconds(64) == 0


@pytest.mark.parametrize("size", [1, 32, 64, 200])
def test_a_line_is_found(size: int) -> None:
    assert fitted(0.001, 0.008).seconds(size) == pytest.approx(0.001 * size + 0.008, abs=1e-9)


def test_the_estimate_covers_most_of_what_happened() -> None:
    duration = fitted(0.001, 0.008, noise=0.01)
    assert 0.001 * 32 + 0.008 + 0.008 < duration.seconds(32) < 0.001 * 32 + 0.008 + 0.011


def test_batches_of_one_size_say_nothing_about_others() -> None:
    duration = Duration()
    for _ in range(5):
        duration.add(8, 0.1)
    assert duration.seconds(1) == duration.seconds(64) == pytest.approx(0.1)


def test_more_requests_are_never_expected_to_take_less_time() -> None:
    duration = Duration()
    duration.add(1, 1.0)
    duration.add(64, 0.1)
    assert duration.seconds(64) >= duration.seconds(1)


def test_it_follows_a_change() -> None:
    duration = fitted(0.001, 0.008)
    for size in range(1, DURATION_SAMPLES + 1):
        duration.add(size, 0.5)
    assert duration.seconds(30) == pytest.approx(0.5)


def busy(seconds: float, timeout: float = 1.0, limit: int = 10) -> BatchPlan:
    batches = BatchPlan(limit, 1, timeout)
    for number in range(3):
        batches.sent([number], 0.0)
        assert batches.answered(number, seconds) == 1
    return batches


def test_a_batch_runs_until_its_last_answer() -> None:
    batches = BatchPlan(10, 1, 1.0)
    assert batches.wait(1, 9.0, 5.0) == 0
    batches.sent([1, 2], 5.0)
    assert batches.wait(10, 9.0, 5.0) == math.inf, "nobody knows how long it takes"
    assert batches.answered(2, 5.5) == 0
    assert batches.answered(7, 5.6) == 0
    assert batches.answered(1, 6.0) == 2
    assert batches.wait(1, 9.0, 6.0) == 0
    assert batches.duration.seconds(2) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("after", "waiting", "left", "wait"),
    [
        (0.0, 10, 1.0, 0.2 - SEND_AHEAD_SECONDS),
        (0.1, 10, 1.0, 0.1 - SEND_AHEAD_SECONDS),
        (0.2 - SEND_AHEAD_SECONDS / 2, 10, 1.0, 0.0),
        (0.2 - SEND_AHEAD_SECONDS / 2, 9, 1.0, math.inf),
        (0.2 - SEND_AHEAD_SECONDS / 2, 9, 0.1, 0.0),
        (0.5, 9, 1.0, math.inf),
    ],
)
def test_when_the_next_batch_goes(after: float, waiting: int, left: float, wait: float) -> None:
    """A moment before the one that runs for 0.2 s ends, if it is full or its first has no more time to lose."""
    batches = busy(0.2)
    batches.sent([50], 100.0)
    assert batches.wait(waiting, 100 + after + left, 100 + after) == pytest.approx(wait)


def test_what_was_sent_ahead_begins_when_the_other_ends() -> None:
    batches = busy(0.2)
    batches.sent([50], 100.0)
    batches.sent([51], 100.19)
    assert batches.wait(10, 101.0, 100.2) == math.inf, "only one is sent ahead"
    assert batches.answered(50, 100.2) == 1
    assert batches.next_place(100.3) == pytest.approx(100.4)
    assert batches.answered(51, 100.4) == 1
    assert batches.duration.seconds(1) == pytest.approx(0.2)


def test_a_place_is_free_when_the_first_of_those_that_run_ends() -> None:
    batches = BatchPlan(10, 2, 1.0)
    for number in range(3):
        batches.sent([number], 0.0)
        assert batches.answered(number, 0.2) == 1
    batches.sent([50], 100.0)
    assert batches.next_place(100.0) == 100.0
    batches.sent([51], 100.1)
    assert batches.next_place(100.1) == pytest.approx(100.2)
    assert batches.answered(50, 100.2) == 1
    batches.sent([52], 100.2)
    assert batches.next_place(100.2) == pytest.approx(100.3)


@pytest.mark.parametrize(
    ("seconds", "left", "late"),
    [(0.2, 0.1, True), (0.2, 0.3, False), (2.0, 0.9, False), (2.0, 0.01, False)],
)
def test_who_is_too_late(seconds: float, left: float, late: bool) -> None:
    """The last two: no time would be enough, so it is tried."""
    assert busy(seconds).is_late(100 + left, 100, 1) is late


def test_a_batch_begins_with_the_first_that_is_in_time() -> None:
    deadlines = [100.05, 100.1, 100.15, 100.3, 100.4, 100.5]
    waiting = deque(Pending(id, None, b"", 99.0, deadline, wire.REQUEST) for id, deadline in enumerate(deadlines))
    group, late = busy(0.2).gather(waiting, {0, 2, 3, 5}, 100.0)
    assert [pending.id for pending in late] == [0, 2]
    assert [pending.id for pending in group] == [3, 5]
    assert not waiting


@pytest.mark.parametrize(
    ("seconds", "waiting", "full"),
    [(0.2, 9, False), (0.2, 29, False), (0.2, 40, True), (5.0, 0, False), (0.0, 500, False)],
)
def test_how_many_may_wait(seconds: float, waiting: int, full: bool) -> None:
    assert busy(seconds).is_full(waiting) is full


def test_a_queue_ends_somewhere_when_nothing_is_known() -> None:
    batches = BatchPlan(10, 1, 60.0)
    assert not batches.is_full(10 * QUEUE_MAX_BATCHES - 1)
    assert batches.is_full(10 * QUEUE_MAX_BATCHES)
