"""Bodies that are deep, wide, long, or no JSON; in every protocol that takes JSON."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache, partial

from tools.testkit.hostile.client import post, sends, talk
from tools.testkit.hostile.heads import ONE
from tools.testkit.hostile.row import Act, Row, Target, row

MIB = 1 << 20
NOT_JSON = "400 open"
LAUNCH, V1 = "/launch/predict", "/v1/models/{model}:predict"
V2 = "/v2/models/{model}/infer"
GZIP = "content-encoding: gzip"


def made(make: Callable[[], bytes]) -> Act:
    """A request that is large, or takes long to make: made when it is sent first, and kept."""
    kept = cache(make)

    async def act(target: Target) -> str:
        return await talk(target, [kept()])

    return act


def _no_json(name: str, body: bytes, right: str = NOT_JSON) -> Row:
    return row(name, right, sends(post(body)))


NO_JSON = (
    _no_json("no body", b""),
    _no_json("half an object", b'{"x": 1'),
    _no_json("a list", b"[1]"),
    _no_json("null", b"null"),
    _no_json("two objects", ONE + ONE),
    _no_json("NaN", b'{"x": NaN}'),
    _no_json("Infinity", b'{"x": -Infinity}'),
    _no_json("a byte that is no UTF-8", b'{"x": "\xff"}'),
    _no_json("an overlong NUL", b'{"x": "\xc0\x80"}'),
    _no_json("a surrogate's bytes", b'{"x": "\xed\xa0\x80"}'),
    _no_json("half a surrogate pair", b'{"x": "\\ud800"}'),
    _no_json("a key of half a pair", b'{"\\udfff": 1}'),
    _no_json("NUL in a text", b'{"x": "a\0b"}'),
    _no_json("a byte order mark", b"\xef\xbb\xbf" + ONE),
    _no_json("UTF-16", ONE.decode().encode("utf-16")),
    _no_json("a pickle", b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
    _no_json("a form", b"--b\r\ncontent-disposition: form-data; name=x\r\n\r\n1\r\n--b--", "400 open | 415 open"),
    _no_json("an escaped NUL", b'{"y": "a\\u0000b"}', "200 open"),
)
NUMBERS = (
    _no_json("a number beyond floats", b'{"x": 1e400}'),
    _no_json("a number of a million digits", b'{"x": %b}' % (b"9" * 1_000_000)),
    _no_json("an exponent of a thousand digits", b'{"x": 1e%b}' % (b"9" * 1000)),
    _no_json("a number of twenty digits", b'{"x": 99999999999999999999}', "200 open"),
    _no_json("a number below floats", b'{"x": 1e-%b}' % (b"9" * 1000), "200 open"),
    _no_json("a million digits behind the point", b'{"x": 0.%b}' % (b"3" * 1_000_000), "200 open"),
)


def _deep(name: str, opening: bytes, closing: bytes, levels: int, right: str = NOT_JSON) -> Row:
    return row(name, right, sends(post(b'{"x":' + opening * levels + b"1" + closing * levels + b"}")))


DEEP = (
    _no_json("five thousand lists that do not end", b"[" * 5000),
    _deep("lists nested a hundred thousand times", b"[", b"]", 100_000),
    _deep("objects nested a hundred thousand times", b'{"a":', b"}", 100_000),
    _deep("both nested two thousand times", b'[{"a":', b"}]", 2000),
    _deep("lists nested nine hundred times", b"[", b"]", 900, "200 open"),
    row(
        "instances nested a hundred thousand times",
        NOT_JSON,
        sends(post(b'{"instances":' + b"[" * 100_000 + b"]" * 100_000 + b"}", path=V1)),
    ),
)

TOO_MUCH = "413 open"
WIDE = {"/predict": b'{"x":[%b]}', LAUNCH: b'{"args":{"x":[%b]}}', V1: b'{"instances":[%b]}', V2: b'{"inputs":[%b]}'}


def _parts(value: bytes, path: str, size: int) -> list[bytes]:
    """A body of nothing but that value, again and again."""
    before, after = WIDE[path].split(b"%b")
    many = (value + b",") * (MIB // (len(value) + 1))
    return [before, *[many] * (size // MIB), value + after]


def _packed(value: bytes, path: str = "/predict", size: int = 63 * MIB) -> bytes:
    """The same, compressed: 63 MiB are 64 KiB."""
    compressed = cache(partial(gzip.compress, compresslevel=6))
    return post(b"".join(map(compressed, _parts(value, path, size))), GZIP, path=path)


WIDE_ROWS = (
    *(
        row(
            f"63 MiB of empty lists, compressed, to {path.split('/')[1]}",
            TOO_MUCH,
            made(partial(_packed, b"[]", path)),
            25,
        )
        for path in WIDE
    ),
    row("63 MiB of empty lists", TOO_MUCH, made(lambda: post(b"".join(_parts(b"[]", "/predict", 63 * MIB)))), 60),
    row("63 MiB of empty objects, compressed", TOO_MUCH, made(partial(_packed, b"{}")), 40),
    row("63 MiB of empty texts, compressed", TOO_MUCH, made(partial(_packed, b'""')), 40),
    row("63 MiB of numbers, compressed", TOO_MUCH, made(partial(_packed, b"0")), 40),
    row("half a million numbers", "200 open", made(partial(_packed, b"7", size=MIB)), 60),
    row(
        "60 MiB of blanks, compressed",
        "200 open | 503 open",
        made(lambda: post(gzip.compress(b" " * (60 * MIB) + b"{}", 6), GZIP)),
        120,
    ),
    row("a text of 8 MiB", "200 open", made(lambda: post(b'{"y":"%b"}' % (b"a" * 8 * MIB))), 20),
    row("a text of 4 MiB of emojis", "200 open", made(lambda: post(b'{"y":"%b"}' % ("\U0001f600".encode() * MIB))), 20),
    row(
        "a text of 2 MiB of escapes", "200 open", made(lambda: post(b'{"y":"%b"}' % (b"\\u00e9" * (2 * MIB // 6)))), 20
    ),
    row("a text full of marks", "200 open", made(lambda: post(b'{"y":"%b"}' % (b",[{:" * MIB))), 20),
)


def _keys(count: int) -> bytes:
    return b"{" + b",".join(b'"k%d":1' % number for number in range(count)) + b"}"


KEYS = (
    row("a hundred thousand unknown fields", "422 open", made(lambda: post(_keys(100_000))), 20),
    row("an object of a hundred thousand keys", "200 open", made(lambda: post(b'{"x":%b}' % _keys(100_000))), 20),
    row(
        "a field a hundred thousand times",
        "200 open",
        made(lambda: post(b"{%b}" % b",".join([b'"x":1'] * 100_000))),
        10,
    ),
    row("a field's name of a mebibyte", "422 open", made(lambda: post(b'{"%b":1}' % (b"k" * MIB))), 10),
    row("a field's name that is code", "422 open", sends(post(b'{"__class__":1,"self":2,"*args":3}'))),
    row("no field that there is", "422 open", sends(post(b'{"":0}'))),
)

PROTOCOLS = (
    row("a pickle for the envelope", "400 open", sends(post(b'{"cloudpickle":"gASV"}', path=LAUNCH))),
    row("a URL for the envelope", "400 open", sends(post(b'{"url":"http://169.254.169.254/latest"}', path=LAUNCH))),
    row("an envelope without arguments", "400 open", sends(post(b'{"args":[]}', path=LAUNCH))),
    row("instances that are no list", "400 open", sends(post(b'{"instances":{"x":1}}', path=V1))),
    row("no instances", "400 open", sends(post(b"{}", path=V1))),
    row(
        "a hundred thousand instances and one",
        TOO_MUCH,
        made(lambda: post(b'{"instances":[%b]}' % b",".join([b"{}"] * 100_001), path=V1)),
        20,
    ),
    row("another model's instances", "404 open", sends(post(b'{"instances":[]}', path="/v1/models/other:predict"))),
)

ROWS = (*NO_JSON, *NUMBERS, *DEEP, *WIDE_ROWS, *KEYS, *PROTOCOLS)
