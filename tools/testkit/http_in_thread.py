"""An HTTP server in a thread of this process, on a port of its own: what the stand-ins and proxies of tests are."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

POLL_SECONDS = 0.02  # after which close() is noticed


class Quiet:
    """A handler that writes no line for each request."""

    def log_message(self, *_: object) -> None:
        pass


class HttpInThread:
    """Answers as the handler does from here on; `tls`: by HTTPS."""

    def __init__(
        self, handler: type[BaseHTTPRequestHandler], listen: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.server = ThreadingHTTPServer((listen, 0), handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://{listen}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    def close(self) -> None:
        """It refuses connections from here on."""
        self.server.shutdown()
        self.server.server_close()
