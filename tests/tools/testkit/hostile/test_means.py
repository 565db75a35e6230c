"""What the attackers may take of a core."""

from __future__ import annotations

import asyncio
import time

import pytest

from tools.testkit.hostile.means import PERIOD_SECONDS, Debt, loop_with


def test_what_is_used_is_waited_for() -> None:
    clocks = [100.0, 7.0]
    debt = Debt(0.25, lambda: clocks[0], lambda: clocks[1])
    assert debt.seconds() == 0
    clocks[:] = [101.0, 7.0 + 0.25 * PERIOD_SECONDS]  # a period's means, after a second of rest
    assert debt.seconds() == 0
    clocks[1] += 0.01
    assert debt.seconds() == pytest.approx(0.04)
    clocks[0] += 0.04
    assert debt.seconds() == pytest.approx(0)


def test_a_loop_takes_no_more_than_its_share() -> None:
    async def busy(seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sum(range(1000))
            await asyncio.sleep(0)

    began, used = time.monotonic(), time.process_time()
    with asyncio.Runner(loop_factory=loop_with(0.2)) as runner:
        runner.run(busy(1.0))
    spent = time.monotonic() - began
    assert time.process_time() - used <= 0.2 * (spent + 2 * PERIOD_SECONDS)
