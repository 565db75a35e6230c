"""The artifact store as one sees it that goes away between two requests: what is asked for is passed on, and whoever
writes loses the connection in the middle of it."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tools.testkit.only_way import pass_on


class GoneStore:
    """In front of the store at `there` (HOST:PORT); `lost` is each request that had no answer."""

    def __init__(self, there: str, listen: str = "127.0.0.1") -> None:
        self.lost: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pass_on(self, there, self.path)

            do_HEAD = do_GET  # noqa: N815

            def do_PUT(self) -> None:
                outer.lost.append(f"{self.command} {self.path}")
                self.rfile.read(1)
                self.close_connection = True

            do_POST = do_DELETE = do_PUT  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((listen, 0), Handler)
        self.url = f"http://{listen}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
