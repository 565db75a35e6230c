"""What the processes hold while they soak: memory, descriptors, threads, children, as Linux counts them."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

_PAGE = os.sysconf("SC_PAGE_SIZE")
SECONDS = 0.5
WINDOW = 10  # samples


class Holds(NamedTuple):
    descriptors: int
    threads: int
    children: int
    memory: int


def holds(pid: int) -> Holds:
    process = Path("/proc", str(pid))
    tasks = list((process / "task").iterdir())
    children = sum(len((task / "children").read_text().split()) for task in tasks)
    resident = int((process / "statm").read_text().split()[1]) * _PAGE
    return Holds(len(list((process / "fd").iterdir())), len(tasks), children, resident)


class Memory:
    """Of one role, whose process may change: a series for each."""

    def __init__(self, pid: Callable[[], int]) -> None:
        self._pid = pid
        self.series: dict[int, list[int]] = {}

    async def watch(self) -> None:
        while True:
            with contextlib.suppress(OSError):  # killed just now
                pid = self._pid()
                memory = holds(pid).memory
                self.series.setdefault(pid, []).append(memory)
            await asyncio.sleep(SECONDS)

    @property
    def last(self) -> list[int]:
        """Of the process that is there at the end, which is the one that lived longest undisturbed."""
        return list(self.series.values())[-1]

    @property
    def peak(self) -> int:
        return max(max(each) for each in self.series.values())


def slope(series: list[int], warm_up: float) -> tuple[float, float]:
    """Bytes a minute of what is never given back, and over how many minutes, after the share ``warm_up`` of the series:
    least squares through the least of each five seconds. What a large body takes for a moment is not a leak."""
    series = series[int(len(series) * warm_up) :]
    least = [min(series[at : at + WINDOW]) for at in range(0, len(series) - WINDOW + 1, WINDOW)]
    count = len(least)
    if count < 3:
        raise ValueError(f"{len(series)} samples are too few to tell a leak from noise")
    middle = (count - 1) / 2
    mean = sum(least) / count
    rise = sum((at - middle) * (value - mean) for at, value in enumerate(least))
    run = sum((at - middle) ** 2 for at in range(count))
    minutes = WINDOW * SECONDS / 60
    return rise / run / minutes, count * minutes
