"""A request's body as it arrives: kept in few parts, and what is large claimed from memory before it comes."""

from __future__ import annotations

from bundle_runtime.server.http.parts import joined
from bundle_runtime.server.limits import SETTING
from bundle_runtime.server.memory import UNCOUNTED_MAX_BYTES, Memory, TooMuch

PARTS_MAX = 16  # of a body, however small
PART_MIN_BYTES = 4 * 1024  # of a part that is kept as it came, when there are more
CLAIM_STEP_BYTES = 1024 * 1024  # of memory at a time, ahead of a large body
BODY_SECONDS = 30.0  # and one more for each BODY_RATE bytes that have come
BODY_RATE = 64 * 1024
CROWDED_SECONDS = 5.0  # the same for a large one while there is hardly room for others
CROWDED_RATE = 1024 * 1024


class BodyBuffer:
    """The bodies of one connection, one after the other. ``size`` bytes of this one have come, ``expected`` is what its
    content-length says, 0 without one; none may have more than ``max_size``."""

    __slots__ = ("_claimed", "_memory", "_parts", "_tail", "expected", "max_size", "more_parts", "size")

    def __init__(self, memory: Memory, max_size: int) -> None:
        self.max_size = max_size
        self.size = 0
        self.expected = 0
        self.more_parts = 0  # of all bodies, those behind the first few of each
        self._memory = memory
        self._parts: list[bytes] = []
        self._tail = bytearray()  # parts too small to be kept one by one
        # the size up to which the body may grow before memory is asked
        self._claimed = min(UNCOUNTED_MAX_BYTES, max_size)

    @property
    def is_large(self) -> bool:
        """It is counted against the memory of all connections."""
        return self._claimed > UNCOUNTED_MAX_BYTES

    @property
    def uncounted(self) -> int:
        """Bytes that have come, where that is not so."""
        return 0 if self._claimed > UNCOUNTED_MAX_BYTES else self.size

    @property
    def allowed_seconds(self) -> float:
        """How long the request may take to arrive, with what has come of this body."""
        allowed = BODY_SECONDS + self.size / BODY_RATE
        if self.is_large and self._memory.is_crowded:
            allowed = min(allowed, CROWDED_SECONDS + self.size / CROWDED_RATE)
        return allowed

    def add(self, data: bytes) -> None:
        """TooMuch when the body is larger than it may be, or than there is memory for."""
        self.size += len(data)
        if self.size > self._claimed:
            self._claim()
        if len(self._parts) < PARTS_MAX:
            self._parts.append(data)
        else:
            self._keep(data)

    def _claim(self) -> None:
        if self.size > self.max_size:
            raise self.too_large()
        claim = min(self.size + CLAIM_STEP_BYTES, self.max_size)
        if self.expected:
            claim = min(claim, max(self.size, self.expected))
        self._memory.arrives(self, claim - (self._claimed if self.is_large else 0))
        self._claimed = claim

    def too_large(self) -> TooMuch:
        """The refusal of a body that is more than ``max_size``."""
        return self._memory.too_much(
            "request",
            "limit",
            "BodyTooLarge",
            f"the body is more than {self.max_size} bytes ({SETTING}): send less in one request",
        )

    def _keep(self, data: bytes) -> None:
        self.more_parts += 1
        if len(data) >= PART_MIN_BYTES and not self._tail:
            self._parts.append(data)
            return
        self._tail += data
        if len(self._tail) >= UNCOUNTED_MAX_BYTES:
            self._parts.append(bytes(self._tail))
            self._tail.clear()

    def take(self, holder: object) -> bytes:
        """The whole body, a very large one in its parts; what memory counts of it is the ``holder``'s from here on. The
        next one may come."""
        parts = self._parts
        body = parts[0] if len(parts) == 1 else self._joined()
        if self._claimed > UNCOUNTED_MAX_BYTES:
            self._memory.pass_on(self, holder, self.size)
            self._claimed = UNCOUNTED_MAX_BYTES
        self._parts = []
        self.size = self.expected = 0
        return body

    def _joined(self) -> bytes:
        if self._tail:
            self._parts.append(bytes(self._tail))
            self._tail = bytearray()
        return joined(self._parts, self.size)

    def drop(self) -> None:
        """Forgets what has come: it is not read."""
        self._parts = []
        self._tail = bytearray()
        if self.is_large:
            self._memory.release(self)
