"""All rows side by side, for as long as one wants: what came back, and how often."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence

from bundle_runtime.server.container import raise_open_files
from tools.testkit.hostile.row import Row, Target

Outcomes = dict[str, Counter[str]]


async def once(rows: Sequence[Row], target: Target) -> Outcomes:
    """Each row one time, all side by side."""
    raise_open_files()
    found = await asyncio.gather(*(_outcome(row, target) for row in rows))
    return {row.name: Counter([outcome]) for row, outcome in zip(rows, found, strict=True)}


async def mixed(rows: Sequence[Row], target: Target, seconds: float) -> Outcomes:
    """Each row again and again."""
    raise_open_files()
    found: Outcomes = defaultdict(Counter)
    tasks = [asyncio.create_task(_again(row, target, found[row.name], seconds / 2)) for row in rows]
    done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()  # a row that is broken itself
    return dict(found)


async def _again(row: Row, target: Target, ends: Counter[str], first: float) -> None:
    await asyncio.sleep(random.random() * min(row.pause, first))
    while True:
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
