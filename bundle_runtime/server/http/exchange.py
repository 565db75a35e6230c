"""One request on its way through the server: the connection makes it, the app answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from bundle_runtime.server.http.connection import HttpConnection
    from bundle_runtime.server.protocols.streaming import Stream


_ABSOLUTE = re.compile(rb"https?://(?:[^/?@]*@)?([^/?@]+)(.*)", re.IGNORECASE)


class Answers(NamedTuple):
    """How a protocol other than POST /predict puts what became of the request."""

    predicted: Callable[[bytes], None]  # the payload of the worker's response
    failed: Callable[[int, str, str, list[Any]], bytes]  # status, code, message, details; the body


class Exchange:
    """One request and the place where its answer goes."""

    __slots__ = (
        "answers",
        "body",
        "cancel",
        "connection",
        "headers",
        "keep_alive",
        "method",
        "old_http",
        "plain",
        "refusal",
        "request_id",
        "started",
        "stream",
        "target",
        "traceparent",
    )

    def __init__(self, connection: HttpConnection, started: float) -> None:
        self.connection = connection
        self.started = started  # by time.monotonic(): uvloop's clock counts milliseconds
        self.method = b""
        self.target = b""
        self.body = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.plain = True  # the body has no content coding
        self.traceparent = b""  # the header as it came
        self.request_id = b""
        self.keep_alive = True
        self.old_http = False
        self.refusal: tuple[int, str, str] | None = None  # status, code, message
        self.answers: Answers | None = None  # None: /predict's own
        self.stream: Stream | None = None  # the answer that has begun
        self.cancel: Callable[[], None] | None = None  # called when the client goes before the answer

    def header(self, name: bytes) -> bytes:
        """The value of a header, by its name in lower case; several are one list; b"" when there is none."""
        length = len(name)
        return b", ".join([value for have, value in self.headers if len(have) == length and have.lower() == name])

    def to_origin_form(self) -> None:
        """A target that names the host, as a client of a proxy sends it, is its path and the Host it stands for (RFC
        9112, 3.2.2)."""
        match = _ABSOLUTE.fullmatch(self.target)
        if match is not None:
            host, rest = match.groups()
            self.target = rest if rest.startswith(b"/") else b"/" + rest
            self.headers = [header for header in self.headers if header[0].lower() != b"host"] + [(b"host", host)]

    def reply(self, head: bytes, body: bytes, more: bytes = b"") -> None:
        """``head`` is the status line and headers as far as they are the same for all; ``more`` are whole lines."""
        self.connection.reply(self, head, body, more)
