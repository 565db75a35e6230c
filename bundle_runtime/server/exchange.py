"""One request on its way through the server: the connection makes it, the app answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bundle_runtime.server.http import HttpConnection


class Exchange:
    """One request and the place where its answer goes."""

    __slots__ = (
        "body",
        "cancel",
        "connection",
        "keep_alive",
        "method",
        "old_http",
        "refusal",
        "request_id",
        "started",
        "target",
    )

    def __init__(self, connection: HttpConnection, started: float) -> None:
        self.connection = connection
        self.started = started
        self.method = b""
        self.target = b""
        self.body = b""
        self.request_id = b""
        self.keep_alive = True
        self.old_http = False
        self.refusal: tuple[int, str, str] | None = None  # status, code, message
        self.cancel: Callable[[], None] | None = None  # called when the client goes before the answer

    def reply(self, head: bytes, body: bytes, more: bytes = b"") -> None:
        """``head`` is the status line and headers as far as they are the same for all; ``more`` are whole lines."""
        self.connection.reply(self, head, body, more)
