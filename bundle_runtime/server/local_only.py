"""For `modelbundle serve`: web pages of other origins, and names that a name server gives this machine (DNS rebinding),
ask nothing of a server that is meant for the programs of this machine alone.

A browser sends a page's request to any port of its own machine, and the page reads the answer where its own host name
leads here. The Host and Origin headers, which a page cannot choose, tell both apart.
"""

from __future__ import annotations

from collections.abc import Iterable

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.handler import Before, Handler
from bundle_runtime.server.http.responses import error_body
from bundle_runtime.server.server import Server

_THIS_MACHINE = frozenset((b"localhost", b"127.0.0.1", b"::1"))


class LocalOnly(Before):
    """Hands on to ``behind`` what was asked of this machine by its name, by no page or by one of ``origins``."""

    def __init__(self, behind: Handler, server: Server, origins: Iterable[str] = ()) -> None:
        super().__init__(behind)
        self._behind = behind
        self._server = server
        self._origins = frozenset(origin.encode() for origin in origins)

    def handle(self, exchange: Exchange) -> None:
        """403 for the others."""
        host, origin = exchange.header(b"host"), exchange.header(b"origin")
        if host and _name(host) not in _THIS_MACHINE:
            self._refuse(exchange, f"the Host header is {_shown(host)}: ask http://127.0.0.1 or http://localhost")
        elif origin and not self._may_ask(origin):
            self._refuse(exchange, f"pages of {_shown(origin)} may not ask: spec.serving.corsOrigins says which may")
        else:
            self._behind.handle(exchange)

    def _may_ask(self, origin: bytes) -> bool:
        return not self._origins.isdisjoint((b"*", origin)) or _name(origin.partition(b"://")[2]) in _THIS_MACHINE

    def _refuse(self, exchange: Exchange, message: str) -> None:
        exchange.request_id = self._server.new_id()
        exchange.reply(self._server.responses.headers.get(403), error_body("Forbidden", message))


def _name(authority: bytes) -> bytes:
    """Without the port: an SSH tunnel may have another."""
    if authority.startswith(b"["):
        return authority[1:].partition(b"]")[0]
    return authority.partition(b":")[0].lower()


def _shown(header: bytes) -> str:
    return repr(header[:100].decode("ascii", "replace"))
