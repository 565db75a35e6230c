"""What the attackers may use of the CPU: a share of one core, in each tenth of a second, as a container's limit has it.
They are to cost the server what they send, and not the processor that it runs on."""

from __future__ import annotations

import asyncio
import os
import selectors
import time
from collections.abc import Callable

NICE = 10  # what they share the machine with comes first
SHARE = 0.25  # of one core
PERIOD_SECONDS = 0.1  # the kernel's for such limits: so much may be taken ahead


class Debt:
    """``seconds`` is how long to wait until what has been used is paid for. Clocks are of seconds."""

    def __init__(self, share: float, now: Callable[[], float], used: Callable[[], float]) -> None:
        self._share = share
        self._now = now
        self._used = used
        self._counted = used()
        self._paid_at = now()

    def seconds(self) -> float:
        """Asked again and again; what was used between two calls is due at the second."""
        now, used = self._now(), self._used()
        self._paid_at = max(self._paid_at, now - PERIOD_SECONDS) + (used - self._counted) / self._share
        self._counted = used
        return max(0.0, self._paid_at - now)


class _Paying(selectors.DefaultSelector):
    """Of a loop that waits after each turn."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self._debt = Debt(share, time.monotonic, time.process_time)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        time.sleep(self._debt.seconds())
        return super().select(timeout)


def loop_with(share: float) -> Callable[[], asyncio.AbstractEventLoop]:
    """Makes a loop whose process takes no more of a core than that share. One turn of it is never cut short: a large
    body that is made, once in the process's life, is paid for behind it."""
    return lambda: asyncio.SelectorEventLoop(_Paying(share))


def be_modest() -> None:
    """Of the whole process: for one that does nothing else."""
    os.nice(NICE)
