"""What is asked of every server: the rows of the benchmark, and how each protocol puts them."""

from __future__ import annotations

import random

from tools.benchmarks.harness.asks import IMAGE, Case
from tools.benchmarks.serving.apps import functions

EVENTS = 200
FLOATS = 10_000


def _body(row: str, size: int, clients: int) -> Case:
    return Case(row, "predict", {"x": 3, "y": "y" * size}, 6 + size, str(6 + size), clients)


def _image() -> bytes:
    pixels = bytearray(random.Random(0).randbytes(IMAGE[0] * IMAGE[1] * IMAGE[2]).replace(b"\xff", b"\x00"))
    pixels[-1] = 255
    return bytes(pixels)


_FLOATS = functions.series(FLOATS)
SMALL = Case("small", "predict", {"x": 3, "y": "hello world"}, 17, "17", 32)
BODIES = [_body("body of 1 KB", 1000, 32), _body("body of 100 KB", 100_000, 8), _body("body of 10 MB", 10_000_000, 1)]
OTHERS = [
    Case("10k floats in", "largest", {"v": _FLOATS}, max(_FLOATS), repr(max(_FLOATS)), 8),
    Case("10k floats out", "series", {"n": FLOATS}, _FLOATS, repr(_FLOATS[-1]), 8),
    Case("image tensor of 150 KB", "brightest", {}, 255, "255", 8, raw=_image()),
    Case("SSE, 200 events", "tokens", {"n": EVENTS}, list(functions.tokens(EVENTS)), "token 199", 8, events=EVENTS),
]
HOLDS = [
    Case("pure Python, 0.2 s", "hold_python", {"seconds": 0.2}, 1, "1", 1),
    Case("one long C call", "hold_c", {"count": 20_000_000}, 1, "1", 1),
]
CLIENTS = (1, 32, 256)
