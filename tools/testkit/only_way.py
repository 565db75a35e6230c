"""A proxy that is the only way to some names: it alone knows where they are, and gives those of `https://` their TLS.

What stands behind it is plain HTTP, such as the local cluster's own store. A client meets the certificate of the name
all the same, as a proxy passes on what it is asked for by CONNECT without a look at it.
"""

from __future__ import annotations

import http.client
import select
import shutil
import socket
import ssl
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tools.testkit.http_in_thread import HttpInThread, Quiet

SECONDS = 30
_OF_A_CONNECTION = ("connection", "keep-alive", "proxy-connection", "transfer-encoding")


class OnlyWay(HttpInThread):
    """`names` are the addresses (HOST:PORT) behind them. `asked` is each request: a URL, or HOST:PORT of a tunnel."""

    def __init__(self, names: Mapping[str, str], tls: ssl.SSLContext | None = None, listen: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        outer = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                outer.asked.append(self.path)
                parts = urlsplit(self.path)
                there = names.get(parts.hostname or "")
                if there is None:
                    self.send_error(HTTPStatus.BAD_GATEWAY, "no such host")
                    return
                pass_on(self, there, parts._replace(scheme="", netloc="").geturl() or "/")

            do_HEAD = do_GET

            def do_CONNECT(self) -> None:
                outer.asked.append(self.path)
                there = names.get(self.path.rpartition(":")[0])
                if there is None:
                    self.send_error(HTTPStatus.BAD_GATEWAY, "no such host")
                    return
                self.close_connection = True
                host, _, port = there.rpartition(":")
                with socket.create_connection((host, int(port)), SECONDS) as beyond:
                    self.send_response_only(HTTPStatus.OK, "Connection established")
                    self.end_headers()
                    _tunnel(self.connection, beyond, tls)

        super().__init__(Handler, listen)


def towards(host: str) -> str:
    """The address of this machine on the way to another, for what is to be reached from there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unsent:
        unsent.connect((host, 9))
        return str(unsent.getsockname()[0])


def pass_on(handler: BaseHTTPRequestHandler, there: str, path: str) -> None:
    """Ask `there` (HOST:PORT) as the handler was asked, with the Host and all else that a client may have signed, and
    hand on the answer."""
    connection = http.client.HTTPConnection(there, timeout=SECONDS)
    connection.request(handler.command, path, headers=_of_a_message(handler.headers.items()))
    answer = connection.getresponse()
    handler.send_response_only(answer.status)
    for name, value in _of_a_message(answer.getheaders()).items():
        handler.send_header(name, value)
    handler.end_headers()
    shutil.copyfileobj(answer, handler.wfile)
    connection.close()


def _of_a_message(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Without those that are of one connection alone."""
    return {name: value for name, value in headers if name.lower() not in _OF_A_CONNECTION}


def _tunnel(client: socket.socket, beyond: socket.socket, tls: ssl.SSLContext | None) -> None:
    """Until one of them ends it; a client that does not trust the certificate does so at once."""
    try:
        here = tls.wrap_socket(client, server_side=True) if tls else client
    except OSError:
        return
    try:
        while ready := _readable(here, beyond):
            for side in ready:
                data = side.recv(65536)
                if not data:
                    return
                (beyond if side is here else here).sendall(data)
    except OSError:
        return
    finally:
        here.close()


def _readable(here: socket.socket, beyond: socket.socket) -> list[socket.socket]:
    if isinstance(here, ssl.SSLSocket) and here.pending():
        return [here]
    return select.select([here, beyond], [], [], SECONDS)[0]
