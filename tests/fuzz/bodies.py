"""What the body of a sound request may hold: JSON, tensors in JSON and as bytes behind it, compressed or not.

The fuzzer of requests rarely keeps a length right that it did not choose. Here the first bytes of an input choose
bundle, route and headers, the rest is the body, and the request is made around it. Whatever the body is: one answer, of
a status that the contract has, counted once, and the worker lives.
"""

from __future__ import annotations

import gzip
from typing import Any

import orjson

from tests.fuzz.http_answers import Answer
from tests.fuzz.one_process import MODEL
from tests.fuzz.requests import BUNDLES, run

ROUTES = ("/predict", "/launch/predict", f"/v1/models/{MODEL}:predict", f"/v2/models/{MODEL}/infer")
INFER = 3
# of the byte that chooses headers
SPLIT, COMPRESSED, SAID_COMPRESSED, TAKES_COMPRESSED, TRACED, IMAGE = 1, 2, 4, 8, 16, 32
HEAD = 5  # bundle, route, headers, and two bytes of the length of the JSON in front of binary tensors
STATUSES = (200, 400, 413, 415, 422, 500)


def check(data: bytes) -> None:
    if len(data) < HEAD:
        return
    bundle, route, choice, body = data[0] % len(BUNDLES), data[1] % len(ROUTES), data[2], data[HEAD:]
    document, predict_fn = BUNDLES[bundle]
    request = _request(ROUTES[route], body, choice, int.from_bytes(data[3:HEAD], "big"))
    answers, counts = run(document, predict_fn, [request], settles=True)
    (answer,) = answers
    assert answer.status in STATUSES, answer
    assert sum(counts.values()) == 1, counts
    if (bundle, route) == (0, 0) and answer.status == 200 and not choice & SAID_COMPRESSED:
        _is_mirrored(body, answer)


def packed(bundle: int, route: int, choice: int, length: int, body: bytes) -> bytes:
    """An input, for seeds."""
    return bytes((bundle, route, choice)) + length.to_bytes(2, "big") + body


def _request(path: str, body: bytes, choice: int, length: int) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: x"]
    if choice & SPLIT:
        lines.append(f"inference-header-content-length: {length}")
    if choice & TAKES_COMPRESSED:
        lines.append("accept-encoding: gzip")
    if choice & TRACED:
        lines.append("traceparent: 00-" + "1" * 32 + "-" + "2" * 16 + "-01")
    if choice & IMAGE:
        lines.append("content-type: image/png")
    if choice & COMPRESSED:
        body = gzip.compress(body, 1, mtime=0)
    if choice & (COMPRESSED | SAID_COMPRESSED):
        lines.append("content-encoding: gzip")
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def _is_mirrored(body: bytes, answer: Answer) -> None:
    sent: Any = orjson.loads(body)
    if "odd" not in sent and not isinstance(sent.get("stream"), list):
        assert orjson.loads(answer.body) == sent
