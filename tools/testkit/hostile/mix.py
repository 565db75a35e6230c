"""All rows side by side, for as long as one wants, by a process of limited means: what came back, and how often."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

from bundle_runtime.server.container import raise_open_files
from tools.testkit.hostile.row import Row, Target

NICE = 10  # what they share the machine with comes first
SHARE = 0.25  # of one core
AT_ONCE_SECONDS = 2.0  # of CPU that may be taken ahead
Outcomes = dict[str, Counter[str]]


class Means:
    """What the attackers may use of the CPU, from now on."""

    def __init__(self, share: float) -> None:
        self._share = share
        self._began = time.monotonic()
        self._used = time.process_time()

    async def turn(self) -> None:
        """Waits until there is some left."""
        while True:
            allowed = (time.monotonic() - self._began) * self._share + AT_ONCE_SECONDS
            if time.process_time() - self._used < allowed:
                return
            await asyncio.sleep(0.05)


async def once(rows: Sequence[Row], target: Target) -> Outcomes:
    """Each row one time, all side by side."""
    raise_open_files()
    found = await asyncio.gather(*(_outcome(row, target) for row in rows))
    return {row.name: Counter([outcome]) for row, outcome in zip(rows, found, strict=True)}


async def mixed(rows: Sequence[Row], target: Target, seconds: float, share: float = SHARE) -> Outcomes:
    """Each row again and again."""
    raise_open_files()
    found: Outcomes = defaultdict(Counter)
    means = Means(share)
    tasks = [asyncio.create_task(_again(row, target, means, found[row.name], seconds / 2)) for row in rows]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()  # a row that is broken itself
    return dict(found)


async def _again(row: Row, target: Target, means: Means, ends: Counter[str], first: float) -> None:
    await asyncio.sleep(random.random() * min(row.pause, first))
    while True:
        await means.turn()
        ends[await _outcome(row, target)] += 1
        await asyncio.sleep(row.pause * random.uniform(0.5, 1.5))


async def _outcome(row: Row, target: Target) -> str:
    try:
        return await row.act(target)
    except OSError as error:
        return f"not connected: {type(error).__name__}"


def unexplained(rows: Sequence[Row], found: Outcomes) -> list[str]:
    """What came back and should not have."""
    return [
        f"{row.name}: {outcome}, {count} times, in place of {' or '.join(sorted(row.right))}"
        for row in rows
        for outcome, count in sorted(found.get(row.name, Counter()).items())
        if not row.explains(outcome)
    ]


def idle(rows: Sequence[Row], found: Outcomes) -> list[str]:
    """Rows that never had their turn: the run was too short."""
    return [f"{row.name}: it never had its turn" for row in rows if not found.get(row.name)]


def be_modest() -> None:
    """Of the whole process: for one that does nothing else."""
    os.nice(NICE)
