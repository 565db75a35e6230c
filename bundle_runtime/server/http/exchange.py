"""One request on its way through the server, and what it knows of the connection that its response goes to."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

_ABSOLUTE = re.compile(rb"https?://(?:[^/?@]*@)?([^/?@]+)(.*)", re.IGNORECASE)


class Responder(Protocol):
    """The connection, as the code that answers a request sees it. What is written for an exchange that is over, or
    whose client has disconnected, is dropped."""

    @property
    def writing_paused(self) -> bool:
        """The client does not read what it has been sent."""

    @property
    def keepalive_announced(self) -> bool:
        """By a stream that began before the drain: its client may send the next request."""

    def reply(self, exchange: Exchange, head: bytes, body: bytes, more: bytes) -> None:
        """The whole response: ``head`` is the status line and headers that are the same for all, ``more`` are whole
        header lines."""

    def begin(self, exchange: Exchange, head: bytes, more: bytes) -> None:
        """The head of a response in parts, of unknown length."""

    def write(self, exchange: Exchange, data: bytes) -> None:
        """A part of it."""

    def finish(self, exchange: Exchange, *, whole: bool) -> None:
        """The last part has been written; unless it is ``whole`` the client must see that it is not."""

    def awaits(self, exchange: Exchange) -> bool:
        """Its response, or the rest of it, has not gone out."""

    def abort(self) -> None:
        """Ends the connection at once, whatever of a response went out."""


class RequestSink(Responder, Protocol):
    """Who takes the requests of a parser: the connection, which answers them too."""

    def arrived(self, exchange: Exchange) -> None:
        """A whole request, or one that was refused: it is answered in the order of the requests."""

    def send_continue(self) -> None:
        """The client waits for 100 Continue before it sends the body."""


class StreamedResponse(Protocol):
    """A response in parts that has begun."""

    def items(self, texts: bytes) -> None:
        """JSON texts that came together, one a line."""

    def ended(self) -> None:
        """There are no more."""

    def resumed(self) -> None:
        """The client takes more."""

    def unread(self) -> int:
        """For how many seconds the client has taken nothing; asked once in each that counts."""

    def failed(self, code: str, message: str, details: list[Any] | None = None) -> None:
        """An error after the head has gone out."""


# status, code, message, details; the body of an error in a protocol's form
ErrorBody = Callable[[int, str, str, list[Any]], bytes]


class Exchange:
    """One request and the place where its response goes."""

    __slots__ = (
        "body",
        "cancel",
        "connection",
        "context",
        "error_body",
        "headers",
        "is_http10",
        "is_uncompressed",
        "keep_alive",
        "method",
        "refusal",
        "request_id",
        "span",
        "started",
        "stream",
        "target",
        "traceparent",
    )

    span: Any  # not set unless requests are traced (observe/tracing.py)

    def __init__(self, connection: Responder, started: float) -> None:
        self.connection = connection
        self.started = started  # by time.monotonic(): uvloop's clock counts milliseconds
        self.method = b""
        self.target = b""
        self.body = b""  # a very large one has the parts that it came in (parts.py): bytes(body) is the whole
        self.headers: list[tuple[bytes, bytes]] = []
        self.is_uncompressed = True  # the body has no content coding
        self.traceparent = b""  # the header as it came
        self.request_id = b""
        self.keep_alive = True
        self.is_http10 = False
        self.refusal: tuple[int, str, str] | None = None  # status, code, message
        self.error_body: ErrorBody | None = None  # None: that of POST /predict
        self.context: Any = None  # kept for the code that answers it
        self.stream: StreamedResponse | None = None  # the response that has begun
        self.cancel: Callable[[], None] | None = None  # called when the client goes before the response

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
