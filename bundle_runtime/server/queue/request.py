"""A request between its admission and its end."""

from __future__ import annotations

from typing import Any


class Pending:
    """One admitted request. ``context`` is the caller's own and comes back with the result."""

    __slots__ = ("admitted", "body", "context", "deadline", "id", "kind", "queued", "sent")

    def __init__(self, id: int, context: Any, body: bytes, admitted: float, deadline: float, kind: int) -> None:
        self.id = id
        self.context = context
        self.body = body
        self.admitted = admitted
        self.deadline = deadline
        self.kind = kind
        self.sent = False
        self.queued = -1.0  # seconds until the worker took it, once an item has shown them
