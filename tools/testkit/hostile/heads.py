"""Request lines and headers: what is not HTTP, what two readers understand differently, what is too long."""

from __future__ import annotations

from tools.testkit.hostile.client import CLOSE, HEALTH, LAST, lines, post, sends
from tools.testkit.hostile.row import Row, row

BAD = "400 closed"
ONE = b'{"x":1}'


def _bad(name: str, *pieces: bytes) -> Row:
    return row(name, BAD, sends(*pieces))


def _get(path: str | bytes, *headers: str | bytes, method: str = "GET") -> bytes:
    target = path if isinstance(path, bytes) else path.encode()
    return lines("", *headers).replace(b"\r\n", b"%b %b HTTP/1.1\r\n" % (method.encode(), target), 1)


NOT_HTTP = (
    _bad("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500),
    _bad("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _bad("HTTP/3.7", b"GET / HTTP/3.7\r\nhost: x\r\n\r\n"),
    _bad("HTTP/0.9", b"GET /\r\n\r\n"),
    _bad("another protocol's name", b"GET / ICE/1.0\r\nhost: x\r\n\r\n"),
    _bad("an unknown method", b"ATTACK / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("a method in lower case", b"get / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("nothing but zeros", b"\0" * 5000),
    _bad("a control character in the target", b"GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("two targets", b"GET / / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("lines that end with LF alone", b"GET / HTTP/1.1\nhost: x\n\n"),
    _bad("a folded header", _get("/", "x: a\r\n b")),
    _bad("a header without a colon", _get("/", "nothing")),
    _bad("a header without a name", _get("/", ": a")),
    _bad("a space before the colon", _get("/", "x : a")),
    _bad("NUL in a header's name", _get("/", b"x\0y: a")),
    _bad("NUL in a header's value", _get("/", b"x: a\0b")),
    _bad("CR alone in a header's value", _get("/", b"x: a\rb: c")),
    _bad("no Host", lines("GET / HTTP/1.1", host=False)),
    _bad("two Hosts", _get("/", "host: y")),
    row("an empty Host", "200 closed | 400 closed", sends(lines("GET / HTTP/1.1", "host:", CLOSE, host=False))),
    row("ten thousand empty lines first", "200 closed", sends(b"\r\n" * 10_000, LAST)),
)

TARGETS = (
    row("a target of 15 KiB", "404 open", sends(_get("/" + "a" * 15_000))),
    row("a target of 20 KiB", "431 closed", sends(_get("/" + "a" * 20_000))),
    row("a target of a mebibyte", "431 closed", sends(b"GET /", *[b"a" * 10_000] * 100)),
    row("a target that is not ASCII", "404 open | 400 closed", sends(_get(b"/\xff\xfe"))),
    row("a path upwards", "404 open", sends(_get("/../../../etc/passwd"))),
    row("a path upwards in escapes", "404 open", sends(_get("/%2e%2e/%2e%2e/etc/passwd"))),
    row("a model that is NUL", "404 open", sends(post(ONE, path="/v2/models/%00/infer"))),
    row("a model that is no UTF-8", "404 open", sends(post(ONE, path="/v1/models/%ff%fe:predict"))),
    row("a model of 10 KiB", "404 open", sends(post(ONE, path=f"/v1/models/{'m' * 10_000}:predict"))),
    row("a target with a user in it", "200 open", sends(_get("http://admin:pw@other/healthz"))),
    row("a target of another scheme", "404 open", sends(_get("ftp://x/healthz"))),
    row("a query of 15 KiB", "200 open", sends(_get("/healthz?" + "a=b&" * 3700))),
)

METHODS = (
    *(row(f"{method} of a probe", "405 open", sends(_get("/readyz", method=method))) for method in ("DELETE", "TRACE")),
    row("PURGE of a prediction", "405 open", sends(_get("/predict", method="PURGE"))),
    row("GET of a prediction", "405 open", sends(_get("/predict"))),
    row("OPTIONS of everything", "404 open | 200 open | 204 open", sends(_get("*", method="OPTIONS"))),
    row("CONNECT", "404 closed | 405 closed | 400 closed", sends(_get("x:443", method="CONNECT") + HEALTH)),
    row("a body for a probe", "200x2 closed", sends(_get("/healthz", "content-length: 5") + b"hello" + LAST, wanted=2)),
)

SIZES = (
    row("a header of 17 KiB", "431 closed", sends(_get("/", "x: " + "a" * 17_000))),
    row("a header's name of 17 KiB", "431 closed", sends(_get("/", "x" * 17_000 + ": a"))),
    row("four thousand headers", "431 closed", sends(_get("/", *["x: y"] * 4000))),
    row("four hundred headers", "431 closed", sends(_get("/healthz", *["a: b"] * 400))),
    row("a hundred headers", "200 open", sends(_get("/healthz", *["a: b"] * 100))),
    row("a header that never ends", "431 closed", sends(b"GET / HTTP/1.1\r\nhost: x\r\nx: ", *[b"a" * 1000] * 200)),
    row("headers that never end", "431 closed", sends(b"GET / HTTP/1.1\r\nhost: x\r\n", *[b"a: b\r\n" * 100] * 200)),
    row("an id that is a header", "200 open", sends(_get("/healthz", "x-request-id: a\tset-cookie: b"))),
    row("an id of 10 KiB", "200 open", sends(_get("/healthz", "x-request-id: " + "i" * 10_000))),
    row("ten thousand content codings", "200 open", sends(_get("/", "accept-encoding: " + "gzip;q=0," * 1700))),
    row(
        "a trace that is none", "200 open", sends(post(ONE, "traceparent: " + "0" * 9000, "tracestate: " + "," * 5000))
    ),
)

OFFERS = (
    row("an upgrade to websocket", "200 open", sends(_get("/healthz", "connection: upgrade", "upgrade: websocket"))),
    row(
        "sixteen upgrades at once",
        "200x17 closed",
        sends(_get("/healthz", "connection: upgrade", "upgrade: h2c") * 16 + LAST, wanted=17),
    ),
    row("an upgrade with two Hosts", BAD, sends(_get("/", "host: y", "connection: upgrade", "upgrade: h2c"))),
    row(
        "an upgrade with a body of chunks",
        "200 open",
        sends(
            post(b"", "transfer-encoding: chunked", "connection: upgrade", "upgrade: h2c", length=False)
            + b'7\r\n{"x":1}\r\n0\r\n\r\n'
        ),
    ),
    row("an expectation that nobody knows", "200 open | 417 open | 417 closed", sends(post(ONE, "expect: 300-gold"))),
    row(
        "an expectation of too large a body",
        "413 closed",
        sends(post(b"", "expect: 100-continue", "content-length: 99999999999", length=False)),
    ),
    row(
        "an expectation that is not followed",
        "100,408 closed",
        sends(post(b"", "expect: 100-continue", "content-length: 100", length=False), wanted=2),
        slow=True,
    ),
)

ROWS = (*NOT_HTTP, *TARGETS, *METHODS, *SIZES, *OFFERS)
