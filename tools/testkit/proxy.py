"""An HTTP proxy, or store, that answers whatever it is asked for with one artifact."""

from __future__ import annotations

import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Proxy:
    """Each GET of a full URL gets `content`, also as S3 answers a range; with `refusal` it is `status` with that code
    and `message`. `asked` are the URLs. With `tls` it is a store by HTTPS."""

    def __init__(
        self,
        content: bytes,
        refusal: str = "",
        tls: ssl.SSLContext | None = None,
        status: int = 403,
        message: str = "as the store has it",
    ) -> None:
        self.asked: list[str] = []
        outer = self
        error = f"<Error><Code>{refusal}</Code><Message>{message}</Message></Error>".encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = error if refusal else content
                self.send_response(status if refusal else 200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Range", f"bytes 0-{len(body) - 1}/{len(body)}")
                self.send_header("ETag", '"one"')
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
