"""A part of the memory in which the newest has its place: what fills it for longest ends."""

from __future__ import annotations

from typing import Protocol


class Holder(Protocol):
    """Who holds a part of it."""

    def abort(self) -> None:
        """It holds nothing any more, and ends."""


class Share:
    """Bytes that a slow client makes this side keep. A client that is quick is out before it is the oldest."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.total = 0
        self.ended = 0
        self._held: dict[Holder, int] = {}  # the oldest first

    def __contains__(self, holder: Holder) -> bool:
        return holder in self._held

    def hold(self, holder: Holder, size: int) -> None:
        """``size`` is all that the holder holds from now on; it keeps the age that it has."""
        self.total += size - self._held.get(holder, 0)
        self._held[holder] = size
        while self.total > self.most and len(self._held) > 1:
            oldest = next(iter(self._held))
            self.release(oldest)
            self.ended += 1
            oldest.abort()

    def release(self, holder: Holder) -> None:
        """It holds nothing any more; to say so twice is to say so once."""
        self.total -= self._held.pop(holder, 0)
