"""Who may ask the page's server: programs of this machine that have the token, and no page of another origin. Pure.

The rules of `modelbundle serve` for Host and Origin, and a token, as this server has its user's rights in a cluster.
The token is in the fragment of the URL that the command prints, which no browser sends; the page puts it into a header,
which pages of other origins cannot. It is in no cookie, as those go to every port of this machine.
"""

from __future__ import annotations

import hmac
from typing import Mapping, Optional, Tuple

THIS_MACHINE = ("localhost", "127.0.0.1", "[::1]")
SCHEME = "Bearer "

# the page takes everything from this server, runs no text as code, and is in no frame
CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    "require-trusted-types-for 'script'", "trusted-types lit-html",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def refusal(headers: Mapping[str, str], token: str, needs_token: bool) -> Optional[Tuple[int, str]]:
    """Status and message for a request that is not answered; `headers` by their names in lower case."""
    host, origin = headers.get("host", ""), headers.get("origin")
    if _name(host) not in THIS_MACHINE:
        return 403, f"the Host header is {host[:100]!r}: ask http://127.0.0.1 or http://localhost"
    if origin is not None and origin != f"http://{host}":
        return 403, f"pages of {origin[:100]!r} may not ask"
    if needs_token and not _is_token(headers.get("authorization", ""), token):
        return 401, "the token is missing or of another start: open the URL that `modelbundle ui` printed"
    return None


def _is_token(header: str, token: str) -> bool:
    if not header.startswith(SCHEME):
        return False
    return hmac.compare_digest(header[len(SCHEME) :].encode("utf-8", "replace"), token.encode())


def _name(host: str) -> str:
    """Without the port: an SSH tunnel may have another."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower()
