"""The two models: a batch of n takes a + b n, slept, so that it takes no processor from the servers and the client.

They are that of an accelerator, which hardly notices the size, and that of a processor, which pays for each row. The
times can be stretched, as some servers cannot take the requests that would fill the original.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_BATCH = 64
SLO_MS = 100.0


@dataclass(frozen=True)
class Model:
    name: str
    a_ms: float
    b_ms: float
    stretch: float = 1.0

    @property
    def slo(self) -> float:
        return SLO_MS * self.stretch / 1000

    @property
    def capacity(self) -> float:
        """Requests a second when every batch is full."""
        return MAX_BATCH / self.seconds(MAX_BATCH)

    def seconds(self, size: int) -> float:
        return (self.a_ms + self.b_ms * size) * self.stretch / 1000

    def stretched(self, by: float) -> Model:
        return Model(self.name, self.a_ms, self.b_ms, by)

    @property
    def source(self) -> str:
        """A function of the batch for the code of each server. The answer to a number is its own, not its batch's."""
        return f"""
import time


def answers(numbers):
    time.sleep(({self.a_ms!r} + {self.b_ms!r} * len(numbers)) * {self.stretch!r} / 1000)
    return [3 * int(number) + 1 for number in numbers]
"""


def expected(number: int) -> int:
    return 3 * number + 1


GPU = Model("GPU-like", 8, 0.25)
CPU = Model("CPU-like", 1, 1)
