"""Where the server is between its start and its end: one value, which the drain moves on and every part reads."""

from __future__ import annotations

from enum import IntEnum


class Stage(IntEnum):
    """In this order, and never back."""

    SERVING = 0
    DRAINING = 1  # not ready, and responses close their connections; predictions go on while load balancers follow
    FINISHING = 2  # no new prediction is taken, and a stream gets no more time
    CLOSING = 3  # the worker has been asked to close


SERVING, DRAINING, FINISHING, CLOSING = Stage


class Lifecycle:
    """Shared by all parts of one server."""

    __slots__ = ("stage",)

    def __init__(self) -> None:
        self.stage = SERVING
