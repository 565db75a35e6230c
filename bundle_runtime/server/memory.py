"""What requests may take of this process's memory at once, all connections together: no body ends the server.

Large bodies, values and responses are counted, by the object that holds them; a body up to UNCOUNTED_MAX_BYTES is not,
so that a small request is served however full it is. What could never fit is 413, what does not fit now is 503. The
amounts are upper bounds, so the kernel's own limit, which kills, is not met. What is small has shares of its own, in
which the oldest makes room: of thousands of connections it is as much as anything large.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from bundle_runtime.server.limits import MEMORY_SETTING
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.shares import Share
from bundle_runtime.server.weight import weight, weight_limit

UNCOUNTED_MAX_BYTES = 64 * 1024
RESERVED_EIGHTHS = 3  # of the limit: the process itself, connections, what is small, what the allocator keeps
SMALL_DIVISOR = 16  # of the limit, out of these: parts of small requests, and such that wait behind others
BUDGET_MIN_BYTES = 64 * 1024 * 1024
# what is refused, and why: it can never be (limit: of a setting; memory; frame: to the worker), or not now
REFUSALS = (
    *(("request", why) for why in ("limit", "memory", "frame", "now")),
    *(("decompressed", why) for why in ("limit", "memory", "now")),
    *(("response", why) for why in ("memory", "now")),
)
DECOMPRESSED = "the decompressed body"
_ADVICE = {"BodyTooLarge": "send less in one request", "ResponseTooLarge": "predict_fn must return less at once"}


class TooMuch(Refused):
    """There is not that much memory, or not now."""


class Memory:
    """``held`` is known by its holders: to release twice is to release once."""

    def __init__(self, limit: int) -> None:
        self.most = max(BUDGET_MIN_BYTES, limit - limit * RESERVED_EIGHTHS // 8)
        self.most_arriving = self.most // 2  # the rest is there for what has arrived
        self.holders: dict[object, int] = {}
        self._total = 0
        self.unread = Share(self.most // 4)  # responses, by clients that do not read them
        self.small = Share(max(BUDGET_MIN_BYTES, limit) // SMALL_DIVISOR)
        self.refusals: Counter[tuple[str, str]] = Counter(dict.fromkeys(REFUSALS, 0))
        self.elsewhere: Callable[[], int] = lambda: 0  # bytes that are counted elsewhere
        # in a process that reads for this one, which is asked in its place: as needs()
        self.ask: Callable[[int, str, int, str], None] | None = None

    @property
    def held(self) -> int:
        """Bytes, of all holders."""
        return self._total

    @property
    def is_crowded(self) -> bool:
        """Large bodies are refused, or soon will be."""
        return self._total > self.most_arriving // 2

    def hold(self, holder: object, size: int) -> None:
        """``size`` is all that the holder holds from now on."""
        self._total += size - self.holders.pop(holder, 0)
        if size:
            self.holders[holder] = size

    def pass_on(self, holder: object, to: object, size: int) -> None:
        """``size`` of what the holder holds is the other's from now on, and the rest is nobody's."""
        self._total += size - self.holders.pop(holder, 0)
        self.holders[to] = size

    def release(self, holder: object) -> None:
        """The holder holds nothing any more."""
        self._total -= self.holders.pop(holder, 0)

    def arrives(self, holder: object, size: int) -> None:
        """Another ``size`` bytes of a body; TooMuch when there is no place for them."""
        have = self.holders.get(holder, 0)
        if have + size > self.most_arriving:
            message = f"the body is more than the {_mib(self.most_arriving)} that fit ({MEMORY_SETTING})"
            raise self.too_much("request", "memory", "BodyTooLarge", f"{message}: {_ADVICE['BodyTooLarge']}")
        if self._total + self.elsewhere() + size > self.most_arriving:
            raise self.too_much(
                "request", "now", "MemoryFull", "other requests' bodies fill this server's memory: send it again later"
            )
        self.hold(holder, have + size)

    def needs(self, size: int, what: str, own: int = 0, code: str = "BodyTooLarge") -> None:
        """For a moment, beside what is held, ``own`` of which is the request's; TooMuch when it is not there. ``code``
        is that of what could never fit."""
        if self.ask is not None:
            self.ask(size, what, own, code)
            return
        kind = "response" if code == "ResponseTooLarge" else "decompressed" if what == DECOMPRESSED else "request"
        if size + own > self.most:
            message = f"{what} may take {_mib(size + own)} of memory, more than the {_mib(self.most)} that there are"
            raise self.too_much(kind, "memory", code, f"{message} ({MEMORY_SETTING}): {_ADVICE[code]}")
        if self._total + self.elsewhere() + size > self.most:
            message = f"{what} may take {_mib(size)} of memory, and other requests hold too much of it"
            raise self.too_much(kind, "now", "MemoryFull", f"{message}: send it again later")

    def too_much(self, what: str, why: str, code: str, message: str) -> TooMuch:
        """The refusal, counted; one of REFUSALS."""
        self.refusals[(what, why)] += 1
        return TooMuch(code, message)

    def needs_values(self, text: Any, what: str, code: str = "BodyTooLarge") -> None:
        """The same for JSON text that is about to be parsed, copied and sent on."""
        size = len(text)
        if size <= UNCOUNTED_MAX_BYTES:
            return
        free = self.most - self._total - self.elsewhere()
        if self.ask is None and size + weight_limit(size) <= free:
            return  # whatever its values are
        estimate = weight(text, free)
        self.needs(estimate, f"{what} of {_mib(size)}, with its values,", size, code)


def _mib(size: int) -> str:
    return f"{size / 1024 / 1024:.0f} MiB" if size >= 1024 * 1024 else f"{size} bytes"
