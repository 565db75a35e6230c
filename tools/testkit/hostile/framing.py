"""Where a body ends: lengths that lie, chunks of odd sizes, requests within requests, many requests at once."""

from __future__ import annotations

from tools.testkit.hostile.client import CLOSE, HEALTH, LAST, chunked, lines, post, sends
from tools.testkit.hostile.heads import BAD, ONE
from tools.testkit.hostile.row import Row, row

HIDDEN = b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n"  # what a proxy before the server would not have seen
END = b"0\r\n\r\n"


def _lengths(name: str, *values: str, right: str = BAD) -> Row:
    headers = [f"content-length: {value}" for value in values]
    return row(f"content-length {name}", right, sends(post(b"", *headers, length=False) + ONE))


LENGTHS = (
    _lengths("-1", "-1"),
    _lengths("+7", "+7"),
    _lengths("7.0", "7.0"),
    _lengths("0x7", "0x7"),
    _lengths("of two numbers", "7 7"),
    _lengths("as a list", "7, 7"),
    _lengths("twice", "7", "7"),
    _lengths("twice and another", "7", "8"),
    _lengths("with zeros before it", "007", right="200 open"),
    _lengths("as a power", "1e1"),
    _lengths("with a parameter", "7;a"),
    _lengths("as a list without a space", "7,7"),
    _lengths("of nothing", ""),
    _lengths("beyond 64 bits", "99999999999999999999999"),
    _lengths("of exabytes", str(2**63 - 1), right="413 closed"),
    row(
        "content-length one too small",
        "400x2 closed",
        sends(post(b"", "content-length: 6", length=False) + ONE, wanted=2),
    ),
)


def _codings(name: str, *values: str | bytes, right: str) -> Row:
    headers = [b"transfer-encoding: " + (value if isinstance(value, bytes) else value.encode()) for value in values]
    return row(name, right, sends(post(b"", *headers, length=False) + b"7\r\n" + ONE + b"\r\n" + END + HIDDEN))


SMUGGLING = (
    row("a length and a coding of nothing", BAD, sends(post(ONE, "transfer-encoding:") + HIDDEN)),
    row(
        "chunks by a name with an underscore",
        "200,400 closed",
        sends(post(ONE, "transfer_encoding: chunked") + END, wanted=2),
    ),
    row("a body of nobody behind a prediction", "400x2 closed", sends(post(b"", length=False) + ONE, wanted=2)),
    row(
        "a request within the body of a probe",
        "200x2 closed",
        sends(lines("GET /healthz HTTP/1.1", f"content-length: {len(HIDDEN)}") + HIDDEN + LAST, wanted=2),
    ),
    row(
        "a coding in a trailer",
        BAD,
        sends(chunked() + b"7\r\n" + ONE + b"\r\n0\r\ntransfer-encoding: chunked\r\n\r\n" + HIDDEN),
    ),
    row(
        "what a head says in a trailer",
        "200x2 closed",
        sends(
            chunked() + b"7\r\n" + ONE + b"\r\n0\r\ncontent-encoding: gzip\r\nexpect: x\r\nhost: y\r\n\r\n" + LAST,
            wanted=2,
        ),
    ),
    row("a folded trailer", BAD, sends(chunked() + b"7\r\n" + ONE + b"\r\n0\r\na: b\r\n c\r\n\r\n" + HIDDEN)),
    row("a request for a trailer", BAD, sends(chunked() + b"7\r\n" + ONE + b"\r\n0\r\n" + HIDDEN)),
    row("length and chunks", BAD, sends(chunked("content-length: 4") + END + HIDDEN)),
    row(
        "chunks and length",
        BAD,
        sends(post(b"", "content-length: 4", "transfer-encoding: chunked", length=False) + END + HIDDEN),
    ),
    row("length and hidden chunks", BAD, sends(post(END, "transfer-encoding : chunked") + HIDDEN)),
    row("length and folded chunks", BAD, sends(post(END, "transfer-encoding:\r\n chunked") + HIDDEN)),
    _codings("chunks behind a vertical tab", b"\x0bchunked", right="400 closed | 501 closed"),
    _codings("chunks that are not the last coding", "chunked, identity", right="400 closed | 501 closed"),
    _codings("chunks twice", "chunked", "chunked", right="400 closed | 501 closed"),
    _codings("gzip before chunks", "gzip, chunked", right="501 closed"),
    _codings("chunks behind a comma", ", chunked", right="400 closed | 501 closed"),
    _codings("chunks before a comma", "chunked,", right="400 closed | 501 closed"),
    _codings("chunks in quotes", '"chunked"', right="400 closed | 501 closed"),
    _codings("chunks with a weight", "chunked;q=1", right="400 closed | 501 closed"),
    _codings("chunks behind a space of Latin-1", b"\xa0chunked", right="400 closed | 501 closed"),
    _codings("chunks before NUL", b"chunked\0", right="400 closed | 501 closed"),
    _codings("chunks before a tab", b"chunked\t", right="400 closed | 501 closed"),
    _codings("no coding at all", "identity", right="400 closed | 501 closed"),
    _codings("a coding that nobody knows", "xchunked", right="400 closed | 501 closed"),
    row(
        "chunks in HTTP/1.0",
        BAD,
        sends(lines("POST /predict HTTP/1.0", "transfer-encoding: chunked") + END + HIDDEN),
    ),
    row(
        "a length in a trailer",
        "200x2 closed | 400 closed",
        sends(chunked() + b"7\r\n" + ONE + b"\r\n0\r\ncontent-length: 999\r\n\r\n" + LAST, wanted=2),
    ),
)


def _chunks(name: str, right: str, *pieces: bytes) -> Row:
    return row(name, right, sends(chunked(), *pieces))


CHUNKS = (
    _chunks("a chunk's size that is no number", BAD, b"zz\r\n"),
    _chunks("a chunk's size below zero", BAD, b"-1\r\n"),
    _chunks("a chunk's size beyond 64 bits", BAD, b"f" * 17 + b"\r\nx"),
    *(
        _chunks(f"a chunk's size {name}", BAD, size + b"\r\n" + ONE + b"\r\n" + END)
        for name, size in (
            ("before a space", b"7 "),
            ("behind a space", b" 7"),
            ("with 0x", b"0x7"),
            ("with a plus", b"+7"),
            ("with an underscore", b"7_0"),
            ("of nothing", b""),
        )
    ),
    _chunks("a chunk's size with zeros before it", "200 open", b"007\r\n" + ONE + b"\r\n" + END),
    _chunks("a chunk without its line's end", BAD, b"7\r\n" + ONE + END),
    _chunks("chunks that end with CR alone", BAD, b"7\r" + ONE + b"\r0\r\r"),
    _chunks("NUL in a chunk's extension", BAD, b"7;a=\0b\r\n" + ONE + b"\r\n" + END),
    _chunks("a quote that does not end in a chunk's extension", BAD, b'7;a="b\r\n' + ONE + b"\r\n" + END),
    _chunks("a chunk's size without a line", BAD, b"7\n" + ONE),
    _chunks("a chunk longer than its size", BAD, b"2\r\n" + ONE + b"\r\n"),
    _chunks("LF in a chunk's extension", BAD, b"7;a\nb\r\n" + ONE + b"\r\n" + END),
    _chunks("a chunk's extension of 20 KiB", "431 closed | 400 closed", b"7;a=", *[b"b" * 5000] * 4),
    _chunks("a chunk's extension that never ends", "431 closed | 400 closed", b"7;a=", *[b"b" * 1000] * 100),
    _chunks("a chunk's size of zeros", "431 closed | 400 closed", *[b"0" * 5000] * 10),
    _chunks("chunks with extensions", "200 open", *[b'1;a="b c";d\r\n%c\r\n' % byte for byte in ONE], END),
    _chunks("trailers", "200 open", b"7\r\n" + ONE + b"\r\n0\r\na: b\r\nhost: y\r\n\r\n"),
    _chunks("a trailer that never ends", "431 closed", b"7\r\n" + ONE + b"\r\n0\r\na: ", *[b"b" * 1000] * 100),
    _chunks("four thousand trailers", "431 closed", b"7\r\n" + ONE + b"\r\n0\r\n" + b"a: b\r\n" * 4000 + b"\r\n"),
    row(
        "chunks of one byte, two hundred thousand",
        "200 open",
        sends(
            chunked(), b'1\r\n"\r\n'.join([b"5\r\n" + b'{"y":' + b"\r\n", b"1\r\na\r\n" * 200_000, b"1\r\n}\r\n"]) + END
        ),
        pause=10,
    ),
    row(
        "chunks of two bytes that are no JSON, a million",
        "400 open",
        sends(chunked(), *[b"2\r\nab\r\n" * 100_000] * 10, END),
        pause=20,
    ),
    row(
        "chunks beyond the largest body",
        "413 closed",
        sends(chunked(), *[b"100000\r\n" + b" " * (1 << 20) + b"\r\n"] * 70),
        pause=30,
    ),
)

MANY = (
    row("fifty requests at once", "200x51 closed", sends(post(ONE) * 50 + LAST, wanted=51)),
    row("five thousand probes at once", "200x5001 closed", sends(HEALTH * 5000 + LAST, wanted=5001), pause=15),
    row("requests at once, and then no HTTP", "200x10,400 closed", sends(HEALTH * 10 + b"\0\0\0", wanted=11)),
    row("requests behind the last one", "200 closed", sends(post(ONE, CLOSE) + HIDDEN * 20, wanted=2)),
    row(
        "every page of the server at once",
        "200x30 closed",
        sends(
            b"".join(lines(f"GET {path} HTTP/1.1") for path in ("/", "/docs", "/openapi.json")) * 9
            + lines("GET /v2 HTTP/1.1") * 2
            + LAST,
            wanted=30,
        ),
        pause=10,
    ),
)

ROWS = (*LENGTHS, *SMUGGLING, *CHUNKS, *MANY)
