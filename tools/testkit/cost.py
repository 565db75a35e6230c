"""What a call takes of the processor, as a multiple of a fixed piece of work done right after it.

A bound in seconds fails on a slow machine and on a busy one; both slow the fixed work down too. One unit is some 25 ms
of a processor of 2024. Runs on Python 3.8, as the packing tests do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

NOTHING_SECONDS = 0.005  # less than a unit of any processor


def units(call: Callable[[], Any]) -> float:
    """What it takes, or more where that is next to nothing: then the fixed work is not done."""
    began = time.process_time()
    call()
    took = time.process_time() - began
    if took < NOTHING_SECONDS:
        return took / NOTHING_SECONDS
    return took / max(unit_seconds(), unit_seconds())


def unit_seconds() -> float:
    """Of the processor, here and now."""
    began = time.process_time()
    total = 0
    for number in range(1_000_000):
        total ^= number * 3
    return time.process_time() - began
