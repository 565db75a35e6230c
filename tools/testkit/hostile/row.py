"""One row of the table: a small attack, what the server may answer, and how often it comes.

An outcome is a text: the statuses of all answers and how the connection was then, such as ``400 closed`` or ``200x3
open``; ``gone`` is an end without an answer, ``held`` one that the client ended itself.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Any

# beside others: the server is too busy, or this client too slow
SHARED = {"408", "429", "503"}


@dataclass(frozen=True)
class Target:
    """A server, and the name of its model in the paths of protocols."""

    host: str
    port: int
    model: str


Act = Callable[[Target], Coroutine[Any, Any, str]]


@dataclass(frozen=True)
class Row:
    """``right`` are the outcomes of a server that nobody else uses. ``slow``: it does nothing for seconds,
    its own or those that the server sets."""

    name: str
    right: frozenset[str]
    act: Act
    pause: float = 2.0  # seconds between two rounds
    slow: bool = False

    def explains(self, outcome: str) -> bool:
        """Whether that is right while all other rows are at work too: then the server may refuse it for lack of room,
        or end its connection for another one or as it is old."""
        if outcome in self.right or outcome == "gone":
            return True
        came = _statuses(outcome) - SHARED
        return outcome[0].isdigit() and any(came <= _statuses(right) for right in self.right)


def _statuses(outcome: str) -> set[str]:
    return {each.partition("x")[0] for each in outcome.split()[0].split(",") if each[0].isdigit()}


def row(name: str, right: str, act: Act, pause: float = 2.0, *, slow: bool = False) -> Row:
    """``right``: outcomes, with `` | `` between them."""
    return Row(name, frozenset(right.split(" | ")), act, pause, slow)


def outcome(statuses: Iterable[int], end: str) -> str:
    """``(200, 200, 400), "closed"``: 200x2,400 closed."""
    groups = [(status, len(list(found))) for status, found in itertools.groupby(statuses)]
    text = ",".join(f"{status}x{count}" if count > 1 else str(status) for status, count in groups)
    if not text:
        return "gone" if end in ("closed", "reset") else end
    return f"{text} {end}"
