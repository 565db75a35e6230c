"""An HTTP proxy, or store, that answers whatever it is asked for with one artifact."""

from __future__ import annotations

import ssl

from tools.testkit.http_in_thread import HttpInThread, Quiet


class Proxy(HttpInThread):
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

        class Handler(Quiet):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                body = error if refusal else content
                headers = {"Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}", "ETag": '"one"'}
                self.send_whole(status if refusal else 200, body, headers)

        super().__init__(Handler, tls=tls)
