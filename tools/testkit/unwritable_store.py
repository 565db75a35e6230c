"""The artifact store as those see it who cannot write to it: what is asked for is passed on, what would write is not.

A request is passed on as it is signed, with the Host that the client has signed it for.
"""

from __future__ import annotations

from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

from tools.testkit.http_in_thread import HttpInThread, Quiet
from tools.testkit.only_way import pass_on

_BLOCK = 1 << 20
_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


def refuse(request: BaseHTTPRequestHandler) -> None:
    """As of keys that may only read."""
    left = int(request.headers.get("Content-Length") or 0)
    while left and (block := request.rfile.read(min(left, _BLOCK))):  # a client reads no answer before that
        left -= len(block)
    request.send_response_only(403)
    request.send_header("Content-Type", "application/xml")
    request.send_header("Content-Length", str(len(_DENIED)))
    request.end_headers()
    request.wfile.write(_DENIED)


def lose(request: BaseHTTPRequestHandler) -> None:
    """As by a store that goes away in the middle of the request."""
    request.rfile.read(1)
    request.close_connection = True


class UnwritableStore(HttpInThread):
    """In front of the store at `there` (HOST:PORT). `write` is called with each request that would have written, and
    `writes` names them."""

    def __init__(self, there: str, write: Callable[[BaseHTTPRequestHandler], None], listen: str = "127.0.0.1") -> None:
        self.writes: list[str] = []
        outer = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                pass_on(self, there, self.path)

            do_HEAD = do_GET

            def do_PUT(self) -> None:
                outer.writes.append(f"{self.command} {self.path}")
                write(self)

            do_POST = do_DELETE = do_PUT

        super().__init__(Handler, listen)
