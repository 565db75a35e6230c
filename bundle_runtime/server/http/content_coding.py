"""Content codings of bodies: gzip and deflate, in and out, within the limit that a body has.

A body of a few bytes can hold gigabytes: what it becomes is limited as what it is, others have their turn meanwhile,
and one that is too much to be parsed ends as soon as that is clear. Answers over a mebibyte are sent as they are:
compressing them would keep every other client waiting.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator

from bundle_runtime.server.http.exchange import Exchange
from bundle_runtime.server.http.parts import joined, parts_of
from bundle_runtime.server.limits import SETTING
from bundle_runtime.server.memory import DECOMPRESSED, UNCOUNTED_MAX_BYTES, Memory
from bundle_runtime.server.refusal import Refused
from bundle_runtime.server.weight import Least

MEMBERS_MAX = 4096  # as many as 256 MiB have in blocks of 64 KiB, the smallest that compressors make
_PIECE_BYTES = 16 * 1024
STEP_BYTES = 128 * 1024  # of decompressed body, half a millisecond; then others have their turn
MEMBER_BYTES = 2 * 1024  # that the begin of a member takes as long as
ASK_BYTES = 1024 * 1024  # of decompressed body; then it is asked whether there is memory for more
COMPRESS_MIN_BYTES = 1024
COMPRESS_MAX_BYTES = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS
_EITHER = 32 + zlib.MAX_WBITS  # gzip's header or zlib's, by its first bytes


class Undecodable(Refused):
    """The body has another content coding than it says, or one that is not known here."""


def decoding(exchange: Exchange, memory: Memory, limit: int, *, is_text: bool = True) -> Generator[None, None, bytes]:
    """The body without its content coding, at most ``limit`` bytes, which takes its place in ``memory``; in steps, and
    Refused where it ends. ``is_text``: it is to be parsed as JSON."""
    coding = exchange.header(b"content-encoding").strip().lower()
    if coding in (b"", b"identity"):
        return exchange.body
    if coding not in (b"gzip", b"x-gzip", b"deflate"):
        raise Undecodable("UnsupportedEncoding", "content-encoding must be gzip or deflate")
    came = len(exchange.body)
    parts: list[bytes] = []
    least = Least()
    size = members = work = 0
    asked = UNCOUNTED_MAX_BYTES
    stream = None
    more = False  # than this step may give
    try:
        for each in parts_of(exchange.body):
            body, at = memoryview(each), 0
            while at < len(body) or more:  # in pieces: what is behind the end of a member is copied, for each of them
                if stream is None:  # gzip allows several members behind each other
                    members += 1
                    if members > MEMBERS_MAX:
                        raise Undecodable("BadRequest", f"the compressed body has more than {MEMBERS_MAX} parts")
                    stream = zlib.decompressobj(_EITHER)
                    work += MEMBER_BYTES
                piece = body[at : at + _PIECE_BYTES]
                most = min(STEP_BYTES, limit + 1 - size)
                part = stream.decompress(piece, most)
                parts.append(part)
                size += len(part)
                work += len(part)
                if size > limit:
                    message = f"the body is more than {limit} bytes ({SETTING}) once it is decompressed"
                    raise memory.too_much("decompressed", "limit", "BodyTooLarge", message)
                if is_text:
                    least.add(part)
                if size >= asked:
                    memory.hold(exchange, came + size)
                    memory.needs(max(size, least.bytes), DECOMPRESSED, came + size)
                    asked = size + ASK_BYTES
                if work >= STEP_BYTES:
                    work = 0
                    if size > UNCOUNTED_MAX_BYTES:
                        memory.hold(exchange, came + size)
                    yield
                at += len(piece) - len(stream.unused_data if stream.eof else stream.unconsumed_tail)
                more = len(part) == most and not stream.eof
                if stream.eof:
                    stream = None
        if stream is not None:
            raise Undecodable("BadRequest", "the compressed body ends early")
    except zlib.error as error:
        raise Undecodable("BadRequest", f"the body is not {coding.decode()}: {error}") from None
    if size > UNCOUNTED_MAX_BYTES:
        memory.hold(exchange, size)
    return joined(parts, size)


def encoded(exchange: Exchange, body: bytes) -> tuple[bytes, bytes]:
    """The body as the client takes it, and the header lines that say so."""
    if not COMPRESS_MIN_BYTES <= len(body) <= COMPRESS_MAX_BYTES:
        return body, b""
    coding = _accepted(exchange.header(b"accept-encoding").lower())
    if not coding:
        return body, b""
    stream = zlib.compressobj(1, zlib.DEFLATED, _GZIP if coding == b"gzip" else zlib.MAX_WBITS)
    compressed = stream.compress(body) + stream.flush()
    return compressed, b"content-encoding: %b\r\nvary: accept-encoding\r\n" % coding


def _accepted(header: bytes) -> bytes:
    offers = [offer.replace(b" ", b"").partition(b";q=") for offer in header.split(b",")]
    taken = {name for name, _, weight in offers if weight.strip(b"0.") or not weight}
    return next((coding for coding in (b"gzip", b"deflate") if coding in taken), b"")
