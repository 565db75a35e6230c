"""What a client may send, from the first byte to the answer: HTTP, the protocols' bodies, and the worker behind them.

The first byte of an input chooses the bundle, the second how the rest is cut. Whatever the rest is: no exception leaves
the connection, each request has one answer, the same bytes in any pieces have the same answers, and in the end nothing
is left open or counted twice.
"""

from __future__ import annotations

from typing import Any

import numpy

from tests.fuzz.cuts import WHOLE, pieces
from tests.fuzz.http_answers import Answer, parse
from tests.fuzz.one_process import LONG_SECONDS, Runtime, counts

REFUSED = Answer(400, (), b"", True)
NUMBERS = {"type": "array", "items": {"type": "number"}}
SCHEMA = {
    "requestSchema": {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "string"}, "rows": NUMBERS, "deep": {}},
        "additionalProperties": False,
    }
}
ONE_FIELD = {"requestSchema": {"type": "object", "properties": {"x": {"type": ["number", "string", "array"]}}}}


ODD: tuple[Any, ...] = (
    *("\ud800", {"a": "\ud800"}, {"\ud800": 1}, ["a", "\ud800"], b"\xff", {"a": b"\xff"}),
    *(float("nan"), [1.5, float("inf")], numpy.array([float("nan")] * 300), 2**70, [2**70, 1], {1: 2}, {}),
    *(object(), {"a": object()}, {2, 1}, [[1], [2, 3]], [True, 1], [], [[]], None, "", 1 + 2j),
    *(numpy.zeros((2, 0)), numpy.array(1.5), numpy.arange(300.0).reshape(3, 100), numpy.array(["a"]), numpy.float16(1)),
)


def mirror(**fields: Any) -> Any:
    """What came, or item by item what is in ``stream``, or something that a user's function may return too."""
    odd = fields.get("odd")
    if type(odd) is int:
        return ODD[odd % len(ODD)]
    stream = fields.get("stream")
    return iter(stream) if isinstance(stream, list) else fields


class Batched:
    max_batch_size = 4

    def predict_batch(self, rows: list[dict[str, Any]]) -> list[Any]:
        return [ValueError("asked for") if "fail" in row else row for row in rows]


BUNDLES: tuple[tuple[dict[str, Any], Any], ...] = (
    ({}, mirror),
    (SCHEMA, mirror),
    (ONE_FIELD, mirror),
    ({}, Batched()),
)


def check(data: bytes) -> None:
    if len(data) < 2:
        return
    document, predict_fn = BUNDLES[data[0] % len(BUNDLES)]
    stream = data[2:]
    settles = bool(data[1] & 1)  # whether each piece is worked off before the next one comes
    whole, whole_counts = run(document, predict_fn, [stream], settles)
    if data[1] == WHOLE:
        return
    cut, cut_counts = run(document, predict_fn, pieces(stream, data[1]), settles)
    if len(stream) > 16 * 1024 and any(answer.status == 431 for answer in cut):
        return  # a head that is too large is refused as soon as that shows, which is earlier in small pieces
    assert cut == whole, f"in pieces: {cut}\nin one: {whole}"
    if REFUSED in cut:
        assert sum(cut_counts.values()) == sum(whole_counts.values())
    else:
        assert cut_counts == whole_counts


def run(
    document: dict[str, Any], predict_fn: Any, parts: list[bytes], settles: bool
) -> tuple[list[Answer], dict[str, int]]:
    """The answers to a client that sends these bytes, and what the server counted."""
    with Runtime(document, predict_fn) as runtime:
        client = runtime.client()
        client.transport.feed(parts, runtime.settle if settles else _nothing)
        runtime.settle()
        answers = parse(bytes(client.transport.sent), client.methods)
        assert client.transport.ended or len(answers) == len(client.methods), "a request without an answer"
        if client.refused and len(answers) == len(client.methods):
            answers[-1] = REFUSED  # of two faults the one that shows first is named, and that is the cutting's choice
        runtime.wait(LONG_SECONDS)
        assert client.transport.ended, "a connection that nothing ends"
        runtime.check_nothing_is_left()
        found = counts(runtime)
        assert sum(found.values()) <= len(client.methods), found
    return answers, found


def _nothing() -> None:
    pass
