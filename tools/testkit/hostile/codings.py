"""Compressed bodies: bombs, in each other, cut off, with something behind them, or not compressed at all."""

from __future__ import annotations

import gzip
import zlib
from functools import partial

from tools.testkit.hostile.bodies import GZIP, LAUNCH, MIB, TOO_MUCH, V1, V2, made
from tools.testkit.hostile.client import post, sends
from tools.testkit.hostile.heads import ONE
from tools.testkit.hostile.row import Row, row

NOT_IT = "400 open"
WHOLE = gzip.compress(ONE, mtime=0)
EMPTY = gzip.compress(b"", mtime=0)


def _bomb(size: int) -> bytes:
    """So many zeros, a thousandth as many compressed; in parts, which takes less time to make."""
    return gzip.compress(bytes(4 * MIB), 6) * (size // (4 * MIB))


def _packed(name: str, body: bytes, right: str = NOT_IT, coding: str = GZIP) -> Row:
    return row(name, right, sends(post(body, coding)))


def _zeros(path: str) -> bytes:
    return post(_bomb(80 * MIB), GZIP, path=path)


ROWS = (
    *(
        row(f"80 MiB of zeros, compressed, to {path.split('/')[1]}", TOO_MUCH, made(partial(_zeros, path)), 40)
        for path in ("/predict", LAUNCH, V1, V2)
    ),
    row("a gibibyte of zeros, compressed", TOO_MUCH, made(lambda: post(_bomb(1024 * MIB), GZIP)), 60),
    row("60 MiB of zeros, compressed", NOT_IT, made(lambda: post(gzip.compress(bytes(60 * MIB), 1), GZIP)), 120),
    row("a bomb in a compressed body", NOT_IT, made(lambda: post(gzip.compress(_bomb(256 * MIB)), GZIP)), 10),
    row(
        "a bomb for a probe",
        "200 open",
        made(lambda: post(_bomb(16 * MIB), GZIP, path="/healthz").replace(b"POST", b"GET", 1)),
        10,
    ),
    row("a bomb for no page", "404 open", made(lambda: post(_bomb(16 * MIB), GZIP, path="/nowhere")), 10),
    _packed("compressed and cut off", WHOLE[:-9]),
    _packed("compressed without its sum", WHOLE[:-8]),
    _packed("compressed with a wrong sum", WHOLE[:-8] + b"\0" * 8),
    _packed("compressed with something behind it", WHOLE + b"more of it"),
    _packed("compressed with zeros behind it", WHOLE + b"\0" * 100),
    _packed("compressed in four thousand parts", EMPTY * 4000 + WHOLE, "200 open"),
    _packed("compressed in ten thousand parts", EMPTY * 10_000 + WHOLE),
    _packed("a head of gzip alone", b"\x1f\x8b\x08\x04" + b"\0" * 6 + b"\xff\xff" + b"x" * 60_000),
    _packed("a file's name of a megabyte", b"\x1f\x8b\x08\x08" + b"\0" * 6 + b"n" * 1_000_000),
    _packed("not compressed", ONE),
    _packed("compressed nothing", b"", "400 open"),
    _packed("a deflate without a head", zlib.compress(ONE)[2:-4], NOT_IT, "content-encoding: deflate"),
    _packed("deflate with a dictionary", b"\x78\xbb\0\0\0\0" + b"\0" * 20, NOT_IT, "content-encoding: deflate"),
    _packed("two parts that are one text", gzip.compress(ONE[:4]) + gzip.compress(ONE[4:]), "200 open"),
    _packed("a coding by its old name", WHOLE, "200 open", "content-encoding: x-gzip"),
    _packed("a coding in capitals", WHOLE, "200 open", "content-encoding: GZIP"),
    _packed("a coding of nothing", ONE, "200 open", "content-encoding:"),
    _packed("deflate with something behind it", zlib.compress(ONE) + b"xx", NOT_IT, "content-encoding: deflate"),
    _packed("zstd", b"\x28\xb5\x2f\xfd\x04\0", "415 open", "content-encoding: zstd"),
    _packed("a coding and none", WHOLE, "415 open", "content-encoding: gzip, identity"),
    _packed("two codings", gzip.compress(WHOLE), "415 open", "content-encoding: gzip, gzip"),
    _packed("a coding in another header", WHOLE, "415 open", "content-encoding: gzip\r\ncontent-encoding: gzip"),
    _packed("a coding that is not known", ONE, "415 open", "content-encoding: br"),
)
