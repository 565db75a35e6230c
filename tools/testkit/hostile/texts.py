"""Texts in other encodings, numbers and names at the edges of JSON, and paths that are spelt another way."""

from __future__ import annotations

from tools.testkit.hostile.bodies import LAUNCH, NOT_JSON, V1, V2
from tools.testkit.hostile.client import post, sends
from tools.testkit.hostile.heads import BAD, ONE, request
from tools.testkit.hostile.row import Row, row

OPEN, NO_MEDIA, NOWHERE = "200 open", "415 open", "404 open"


def _text(name: str, body: bytes, right: str, *headers: str | bytes, path: str = "/predict") -> Row:
    return row(name, right, sends(post(body, *headers, path=path)))


def _encoded(encoding: str) -> Row:
    body = ONE.decode().encode(encoding)
    return _text(f"a text in {encoding}", body, NOT_JSON, f"content-type: application/json; charset={encoding}")


TEXTS = (
    *map(_encoded, ("utf-16-le", "utf-16-be", "utf-32", "utf-32-be")),
    _text("a text in utf-7", b"+AHsAIg-x+ACI-:1+AH0-", NOT_JSON, "content-type: application/json; charset=utf-7"),
    _text("a charset that there is not", ONE, OPEN, "content-type: application/json; charset=none"),
    _text("a content-type of semicolons", ONE, OPEN, "content-type: ;;;"),
    _text("two content-types", ONE, OPEN, "content-type: application/json", "content-type: image/png"),
    _text("XML", b"<x>1</x>", NO_MEDIA, "content-type: application/xml"),
    _text("MessagePack", b"\x81\xa1x\x01", NO_MEDIA, "content-type: application/msgpack"),
    _text("a form without its boundary", b"x", NO_MEDIA, "content-type: multipart/form-data"),
    _text("a byte order mark before tensors", b"\xef\xbb\xbf" + b'{"inputs":[]}', NOT_JSON, path=V2),
    _text("half a surrogate pair for a tensor's name", b'{"inputs":[{"name":"\\ud800"}]}', NOT_JSON, path=V2),
    _text("half a surrogate pair for an instance", b'{"instances":["\\ud800"]}', NOT_JSON, path=V1),
)
VALUES = (
    *(
        _text(f"the number {number.decode()}", b'{"x":%b}' % number, NOT_JSON)
        for number in (b"01", b"1.", b".5", b"+1", b"0x10", b"1_000", b"--1", b"1e", b"NaN1")
    ),
    _text("the largest number of 64 bits", b'{"x":18446744073709551615}', OPEN),
    _text("a number beneath 64 bits", b'{"x":-9223372036854775809}', OPEN),
    _text("zero below zero", b'{"x":-0.0}', OPEN),
    _text("a comment", b'{"x":1}//x', NOT_JSON),
    _text("a comma too many", b'{"x":1,}', NOT_JSON),
    _text("instances twice", b'{"instances":[{"x":1}],"instances":[]}', OPEN, path=V1),
    _text("columns and instances", b'{"inputs":{"x":[1]},"instances":[{"x":1}]}', NOT_JSON, path=V1),
    _text("no instance", b'{"instances":[]}', OPEN, path=V1),
    _text("instances that are null", b'{"instances":null}', NOT_JSON, path=V1),
    _text("instances nested nine hundred times", b'{"instances":%b}' % (b"[" * 900 + b"]" * 900), NOT_JSON, path=V1),
    _text("columns of different kinds", b'{"inputs":{"x":[1,2],"y":["a"]}}', OPEN, path=V1),
    _text("arguments nested nine hundred times", b'{"args":{"x":%b}}' % (b"[" * 900 + b"]" * 900), OPEN, path=LAUNCH),
    _text(
        "parameters nested nine hundred times",
        b'{"inputs":[],"parameters":%b1%b}' % (b'{"a":' * 900, b"}" * 900),
        OPEN,
        path=V2,
    ),
)

PATHS = (
    *(
        row(f"the target {target.decode()}", right, sends(request(target)))
        for target, right in (
            (b"//healthz", NOWHERE),
            (b"/healthz/", NOWHERE),
            (b"/healthz#x", NOWHERE),
            (b"/healthz;x=1", NOWHERE),
            (b"/%68ealthz", NOWHERE),
            (b"/healthz%00", NOWHERE),
            (b"/%zz", NOWHERE),
            (b"healthz", BAD),
            (b"\\healthz", BAD),
            (b"/hea lthz", BAD),
            (b"/hea\tlthz", BAD),
            (b"http:///healthz", NOWHERE),
            (b"https://x:99999999/healthz", OPEN),
            (b"http://[::1/healthz", OPEN),
            (b"/docs?%0d%0aset-cookie:x", OPEN),
        )
    ),
    row("a path's prefix that is code", OPEN, sends(request(b"/docs", 'x-forwarded-prefix: /"><script>'))),
    row(
        "a host that is code", NOWHERE, sends(post(ONE, path="/v1/models/x:predict").replace(b"x\r\n", b'"><a>\r\n', 1))
    ),
)

ROWS = (*TEXTS, *VALUES, *PATHS)
