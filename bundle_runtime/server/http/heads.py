"""What a head must say of its host and of where its body ends: a proxy before this server may read it otherwise. And
what it may expect."""

from __future__ import annotations

from bundle_runtime.server.http.exchange import Exchange

# what an upgrade that is ignored must not lose; connection and upgrade are what it must
_OFFER = (b"connection", b"upgrade", b"http2-settings")
# status, code, message
HeadRefusal = tuple[int, str, str]


def head_refusal(hosts: int, codings: bytes, expectation: bytes, is_http10: bool) -> HeadRefusal | None:
    """Why a request with so many Host headers (RFC 9112, 3.2), this transfer-encoding (6.1) and this Expect header (RFC
    9110, 10.1.1; b"" without one) is refused; None when it is not."""
    if hosts > 1:
        return _not_valid("it has more than one Host header")
    if not hosts and not is_http10:
        return _not_valid("it has no Host header")
    if codings and is_http10:
        return 400, "BadRequest", "HTTP/1.0 has no transfer-encoding: where the body ends is unclear"
    if codings and codings.strip().lower() != b"chunked":
        return (
            501,
            "UnsupportedTransferCoding",
            "chunked is the one transfer-encoding that is known here: send a compressed body with content-encoding",
        )
    if expectation and not is_http10 and expectation.strip().lower() != b"100-continue":
        return 417, "ExpectationFailed", "100-continue is the one expectation that is known here: send no other Expect"
    return None


def refuses_version(exchange: Exchange, version: str) -> bool:
    """Of a request that is here and whose version is not 1.1: it is told which one it has, and True when it is refused,
    as the parser takes more than 1.0."""
    exchange.is_http10 = True
    if version == "1.0":
        return False
    exchange.keep_alive = False
    exchange.refusal = _not_valid(f"it says HTTP/{version}: HTTP/1.1 and HTTP/1.0 are spoken here")
    return True


def not_http(error: Exception) -> str:
    """What the parser says of bytes that it cannot read, in words for who sent them."""
    if "PRI" in str(error):
        return "this is HTTP/2, which is not spoken here: send it as HTTP/1.1 (curl: --http1.1)"
    return _not_valid(str(error))[2]


def _not_valid(why: str) -> HeadRefusal:
    return 400, "BadRequest", f"not a valid HTTP/1.1 request: {why}"


def without_offer(method: bytes, target: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """The head as of a client that offers no other protocol."""
    kept = [b": ".join(header) for header in headers if header[0].lower() not in _OFFER]
    return b"\r\n".join([b"%b %b HTTP/1.1" % (method, target), *kept, b"", b""])
