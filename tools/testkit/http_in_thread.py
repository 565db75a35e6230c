"""An HTTP server in a thread of this process, on a port of its own: what the stand-ins and proxies of tests are."""

from __future__ import annotations

import json
import ssl
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

POLL_SECONDS = 0.02  # after which close() is noticed
JSON = "application/json"


class Quiet(BaseHTTPRequestHandler):
    """A handler that writes no line for each request."""

    def send_whole(self, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None) -> None:
        """An answer with its length; to HEAD its length alone."""
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_json(self, status: int, value: Any) -> None:
        self.send_whole(status, json.dumps(value).encode(), {"Content-Type": JSON})

    def log_message(self, *_: object) -> None:
        pass


class HttpInThread:
    """Answers as the handler does from here on; `tls`: by HTTPS. Port 0 is a free one."""

    def __init__(
        self,
        handler: type[BaseHTTPRequestHandler],
        listen: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.server = _Server((listen, port), handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.url = f"{'https' if tls else 'http'}://{listen}:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """It refuses connections from here on."""
        self.server.shutdown()
        self.server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has read what it wanted ends the connection."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)
