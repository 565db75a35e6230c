"""Request lines and headers: what is not HTTP, what two readers understand differently, what is too long."""

from __future__ import annotations

from tools.testkit.hostile.client import CLOSE, HEALTH, LAST, lines, post, sends
from tools.testkit.hostile.row import Row, row

BAD = "400 closed"
ONE = b'{"x":1}'


def _bad(name: str, *pieces: bytes) -> Row:
    return row(name, BAD, sends(*pieces))


def request(path: str | bytes, *headers: str | bytes, method: str = "GET") -> bytes:
    """A head alone, with whatever stands for its target."""
    target = path if isinstance(path, bytes) else path.encode()
    return lines("", *headers).replace(b"\r\n", b"%b %b HTTP/1.1\r\n" % (method.encode(), target), 1)


NOT_HTTP = (
    _bad("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500),
    _bad("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    _bad("HTTP/2.0", b"GET / HTTP/2.0\r\nhost: x\r\n\r\n"),
    _bad("HTTP/2.0 that keeps its connection", b"GET / HTTP/2.0\r\nhost: x\r\nconnection: keep-alive\r\n\r\n"),
    _bad("HTTP/0.9 with a head", b"GET / HTTP/0.9\r\nhost: x\r\n\r\n"),
    _bad("HTTP/1.10", b"GET / HTTP/1.10\r\nhost: x\r\n\r\n"),
    _bad("tabs for spaces", b"GET\t/\tHTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("HTTP/3.7", b"GET / HTTP/3.7\r\nhost: x\r\n\r\n"),
    _bad("HTTP/0.9", b"GET /\r\n\r\n"),
    _bad("another protocol's name", b"GET / ICE/1.0\r\nhost: x\r\n\r\n"),
    _bad("an unknown method", b"ATTACK / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("a method in lower case", b"get / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("nothing but zeros", b"\0" * 5000),
    _bad("a control character in the target", b"GET /\x01 HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("two targets", b"GET / / HTTP/1.1\r\nhost: x\r\n\r\n"),
    _bad("lines that end with LF alone", b"GET / HTTP/1.1\nhost: x\n\n"),
    _bad("a folded header", request("/", "x: a\r\n b")),
    _bad("a header without a colon", request("/", "nothing")),
    _bad("a header without a name", request("/", ": a")),
    _bad("a space before the colon", request("/", "x : a")),
    _bad("NUL in a header's name", request("/", b"x\0y: a")),
    _bad("NUL in a header's value", request("/", b"x: a\0b")),
    _bad("CR alone in a header's value", request("/", b"x: a\rb: c")),
    _bad("no Host", lines("GET / HTTP/1.1", host=False)),
    _bad("two Hosts", request("/", "host: y")),
    row("an empty Host", "200 closed | 400 closed", sends(lines("GET / HTTP/1.1", "host:", CLOSE, host=False))),
    row("ten thousand empty lines first", "200 closed", sends(b"\r\n" * 10_000, LAST)),
    row("five million empty lines first", "200 closed", sends(*[b"\r\n" * 100_000] * 50, LAST), pause=10),
)

TARGETS = (
    row("a target of 15 KiB", "404 open", sends(request("/" + "a" * 15_000))),
    row("a target of 20 KiB", "431 closed", sends(request("/" + "a" * 20_000))),
    row("a target of a mebibyte", "431 closed", sends(b"GET /", *[b"a" * 10_000] * 100)),
    row("a target that is not ASCII", "404 open | 400 closed", sends(request(b"/\xff\xfe"))),
    row("a path upwards", "404 open", sends(request("/../../../etc/passwd"))),
    row("a path upwards in escapes", "404 open", sends(request("/%2e%2e/%2e%2e/etc/passwd"))),
    row("a model that is NUL", "404 open", sends(post(ONE, path="/v2/models/%00/infer"))),
    row("a model that is no UTF-8", "404 open", sends(post(ONE, path="/v1/models/%ff%fe:predict"))),
    row("a model of 10 KiB", "404 open", sends(post(ONE, path=f"/v1/models/{'m' * 10_000}:predict"))),
    row("a target with a user in it", "200 open", sends(request("http://admin:pw@other/healthz"))),
    row("a target of another scheme", "404 open", sends(request("ftp://x/healthz"))),
    row("a query of 15 KiB", "200 open", sends(request("/healthz?" + "a=b&" * 3700))),
)

METHODS = (
    *(
        row(f"{method} of a probe", "405 open", sends(request("/readyz", method=method)))
        for method in ("DELETE", "TRACE")
    ),
    row("PURGE of a prediction", "405 open", sends(request("/predict", method="PURGE"))),
    row("GET of a prediction", "405 open", sends(request("/predict"))),
    row("OPTIONS of everything", "404 open | 200 open | 204 open", sends(request("*", method="OPTIONS"))),
    row("TRACE with a body", "405 open", sends(request("/predict", "content-length: 7", method="TRACE") + ONE)),
    row("CONNECT of a prediction", "405 closed", sends(request("/predict", method="CONNECT") + HEALTH)),
    row("CONNECT", "404 closed | 405 closed | 400 closed", sends(request("x:443", method="CONNECT") + HEALTH)),
    row(
        "a body for a probe",
        "200x2 closed",
        sends(request("/healthz", "content-length: 5") + b"hello" + LAST, wanted=2),
    ),
)

SIZES = (
    row("a header of 17 KiB", "431 closed", sends(request("/", "x: " + "a" * 17_000))),
    row("a header's name of 17 KiB", "431 closed", sends(request("/", "x" * 17_000 + ": a"))),
    row("four thousand headers", "431 closed", sends(request("/", *["x: y"] * 4000))),
    row("four hundred headers", "431 closed", sends(request("/healthz", *["a: b"] * 400))),
    row("a hundred headers", "200 open", sends(request("/healthz", *["a: b"] * 100))),
    row("a header that never ends", "431 closed", sends(b"GET / HTTP/1.1\r\nhost: x\r\nx: ", *[b"a" * 1000] * 200)),
    row("headers that never end", "431 closed", sends(b"GET / HTTP/1.1\r\nhost: x\r\n", *[b"a: b\r\n" * 100] * 200)),
    row("an id that is a header", "200 open", sends(request("/healthz", "x-request-id: a\tset-cookie: b"))),
    row("an id of 10 KiB", "200 open", sends(request("/healthz", "x-request-id: " + "i" * 10_000))),
    row("ten thousand content codings", "200 open", sends(request("/", "accept-encoding: " + "gzip;q=0," * 1700))),
    row(
        "a trace that is none", "200 open", sends(post(ONE, "traceparent: " + "0" * 9000, "tracestate: " + "," * 5000))
    ),
)

OFFERS = (
    row(
        "frames of a websocket that was not agreed on",
        "200,400 closed",
        sends(request("/healthz", "connection: upgrade", "upgrade: websocket") + b"\x81\x85\0\0\0\0hello", wanted=2),
    ),
    row("HTTP/2 behind a request", "200,400 closed", sends(HEALTH + b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", wanted=2)),
    row("expectations as a list", "417 closed", sends(post(ONE, "expect: 100-continue, 100-continue"))),
    row("expectations twice", "417 closed", sends(post(ONE, "expect: 100-continue", "expect: 100-continue"))),
    row(
        "an upgrade of a prediction to h2c",
        "200 open",
        sends(post(ONE, "connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQ")),
    ),
    row("an upgrade to websocket", "200 open", sends(request("/healthz", "connection: upgrade", "upgrade: websocket"))),
    row(
        "sixteen upgrades at once",
        "200x17 closed",
        sends(request("/healthz", "connection: upgrade", "upgrade: h2c") * 16 + LAST, wanted=17),
    ),
    row("an upgrade with two Hosts", BAD, sends(request("/", "host: y", "connection: upgrade", "upgrade: h2c"))),
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
