"""What was asked, what came back, and whether it may be so: every answer is right, or an error that has its cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from tools.benchmarks.soak.connection import Answer

SHOWN = 50
SLACK_SECONDS = 1.0
# how a request may end whose client did not wait for the end
UNSEEN = {"OK", "ClientGone", "QueueFull", "NotReady", "WorkerDied", "WorkerStalled", "DeadlineExceeded"}


class Outages:
    """When there was no worker, as the supervisor saw it."""

    def __init__(self) -> None:
        self._spans: list[list[float]] = []

    def begins(self, now: float) -> None:
        self._spans.append([now, float("inf")])

    def ends(self, now: float) -> None:
        self._spans[-1][1] = now

    def touch(self, start: float, end: float) -> bool:
        return any(start - SLACK_SECONDS <= until and since <= end for since, until in reversed(self._spans))


class Ledger:
    """Of one server. ``timeout`` is its request timeout; ``sheds``: a batch leaves out what would be late."""

    def __init__(self, timeout: float, sheds: bool) -> None:
        self._timeout = timeout
        self._sheds = sheds
        self.outages = Outages()
        self.ends: Counter[tuple[str, str]] = Counter()  # kind, code or what happened
        self.counted: Counter[tuple[int, str]] = Counter()  # as the server's own metric must have it
        self.unseen = 0  # counted there too, under a code that only the server knows
        self.violations: list[str] = []
        self.wrong = 0

    def violation(self, kind: str, what: str) -> None:
        self.wrong += 1
        if len(self.violations) < SHOWN:
            self.violations.append(f"{kind}: {what}")

    def uncounted(self, kind: str, what: str) -> None:
        """Nothing that the server takes for a prediction."""
        self.ends[(kind, what)] += 1

    def left(self, kind: str) -> None:
        """The whole request is with the server, and nobody waits for its end."""
        self.ends[(kind, "left")] += 1
        self.unseen += 1

    def prediction(
        self, kind: str, started: float, now: float, answer: Answer, right: Callable[[Answer], bool]
    ) -> None:
        """An answer to a request for a prediction; ``right`` is asked about the 200s."""
        if answer.status == 200:
            self.ended(kind, started, now, 200, "OK")
            if not right(answer):
                self.violation(kind, f"a wrong answer: {answer.headers} {answer.body[:200]!r}")
        else:
            self.ended(kind, started, now, answer.status, code_of(answer.json), answer.headers)

    def expected_error(self, kind: str, started: float, now: float, answer: Answer, status: int, code: str) -> None:
        """For a request that deserves this error, unless the server was too busy to look at it."""
        if answer.status == 200:
            self.ended(kind, started, now, 200, "OK")
            self.violation(kind, f"an answer in place of {code}: {answer.body[:200]!r}")
        elif (answer.status, code_of(answer.json)) == (status, code):
            self.counted[(status, code)] += 1
            self.ends[(kind, code)] += 1
        else:
            self.ended(kind, started, now, answer.status, code_of(answer.json), answer.headers)

    def ended(
        self, kind: str, started: float, now: float, status: int, code: str, headers: dict[str, str] | None = None
    ) -> None:
        self.counted[(status, code)] += 1
        self.ends[(kind, code)] += 1
        why = self._unexplained(status, code, started, now)
        if why:
            self.violation(kind, f"{status} {code}: {why}")
        if headers is not None and status in (429, 503) and "retry-after" not in headers:
            self.violation(kind, f"{status} {code} without Retry-After")

    def _unexplained(self, status: int, code: str, started: float, now: float) -> str:
        if code in ("NotReady", "WorkerDied"):
            return "" if self.outages.touch(started, now) else "no worker was killed meanwhile"
        if code == "DeadlineExceeded":
            late = self._sheds or now - started >= 0.95 * self._timeout
            return "" if late else f"after {now - started:.2f} s of {self._timeout:g}"
        return "" if code in ("OK", "QueueFull", "WorkerStalled") else "nothing explains it"

    def differences(self, metrics: Counter[tuple[int, str]]) -> list[str]:
        """Between the server's count and this one."""
        found = []
        surplus = Counter({key: metrics[key] - self.counted[key] for key in {*metrics, *self.counted}})
        for (status, code), number in surplus.items():
            if number < 0 or (number and code not in UNSEEN):
                mine = self.counted[(status, code)]
                found.append(f"{status} {code}: the server counted {metrics[(status, code)]}, its clients {mine}")
        if surplus.total() != self.unseen:
            found.append(f"{surplus.total()} requests that the server counted ended unseen, not {self.unseen}")
        return found


def code_of(body: Any) -> str:
    """Of an error in any protocol: V1 and V2 say it in a string."""
    error = body.get("error") or body.get("detail", {}).get("error")
    return error.partition(":")[0] if isinstance(error, str) else str(error["code"])
