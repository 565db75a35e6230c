"""The artifact store as keys see it that may only read: what is asked for is passed on, what would write is refused.

A request is passed on as it is signed, with the Host that the client has signed it for.
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.testkit.only_way import pass_on

_BLOCK = 1 << 20
_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class ReadOnlyStore:
    """In front of the store at `there` (HOST:PORT); `refused` is each request that would have written."""

    def __init__(self, there: str, listen: str = "127.0.0.1") -> None:
        self.refused: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pass_on(self, there, self.path)

            do_HEAD = do_GET  # noqa: N815

            def do_PUT(self) -> None:
                outer.refused.append(f"{self.command} {self.path}")
                left = int(self.headers.get("Content-Length") or 0)
                while left and (block := self.rfile.read(min(left, _BLOCK))):  # a client reads no answer before that
                    left -= len(block)
                self.send_response_only(403)
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(_DENIED)))
                self.end_headers()
                self.wfile.write(_DENIED)

            do_POST = do_DELETE = do_PUT  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((listen, 0), Handler)
        self.url = f"http://{listen}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
