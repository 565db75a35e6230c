"""kopf holds so many events of a watch and no more, and one that it drops stops nothing."""

from __future__ import annotations

import asyncio

from modelbundle_operator.kube.backlog import MOST, Backlog


async def test_who_reads_waits_while_kopf_holds_many_and_goes_on_as_they_are_handled() -> None:
    backlog, given = Backlog(), 0

    async def read() -> None:
        nonlocal given
        while True:
            given += 1
            await backlog.given()

    reading = asyncio.create_task(read())
    await asyncio.sleep(0)
    assert given == MOST
    for handled in range(1, 11):
        backlog.handled()
        for _ in range(5):
            await asyncio.sleep(0)
        assert given == MOST + handled
    reading.cancel()


async def test_what_kopf_has_dropped_is_not_waited_for() -> None:
    backlog = Backlog(lost_seconds=0.01)
    for _ in range(3 * MOST):
        await asyncio.wait_for(backlog.given(), 60)
