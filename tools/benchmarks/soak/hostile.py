"""Clients that break something: bodies, HTTP, connections, limits of size and of time."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import random
import time
from typing import Any

from bundle_spec.request_size import DEFAULT_REQUEST_BYTES
from tools.benchmarks.soak import bundles
from tools.benchmarks.soak.clients import MODEL, _numbers, ask, is_json
from tools.benchmarks.soak.connection import Connection, Gone, fields, request
from tools.benchmarks.soak.site import Site

BOMB = gzip.compress(b" " * (DEFAULT_REQUEST_BYTES + 1), 1)
TIMEOUT_SECONDS = 2.0
BURST = 100
MALFORMED = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/3.7\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
    b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nhost: x\r\nx\x00y: 1\r\n\r\n",
    b"\r\n\r\n\x00",
)
NO_JSON = (b"", b"{", b'{"x": 1', b"[1]", b"null", b'{"x": NaN}', b"\xff", b'{"x": "\\ud800"}', b"[" * 5000)
BAD_FIELDS: tuple[dict[str, Any], ...] = (
    *({}, {"x": "1"}, {"x": 1.5}, {"x": None}),
    *({"x": 1, "other": 1}, {"x": 1, "text": []}),
)


async def malformed(site: Site) -> None:
    """What is not HTTP is refused, and the connection ends."""
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        await connection.send(random.choice(MALFORMED))
        answer = await connection.answer()
        site.ledger.expected_error("malformed", started, time.monotonic(), answer, 400, "BadRequest")
        if not await connection.ended():
            site.ledger.violation("malformed", f"the connection goes on after {answer}")
    finally:
        await connection.close()


async def expects(site: Site, kind: str, sent: bytes, status: int, code: str) -> None:
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        await connection.send(sent)
        answer = await connection.answer()
        site.ledger.expected_error(kind, started, time.monotonic(), answer, status, code)
    finally:
        await connection.close()


async def no_json(site: Site) -> None:
    await expects(site, "not valid JSON", request("/predict", random.choice(NO_JSON)), 400, "NotJSON")


async def bad_fields(site: Site) -> None:
    body = fields(**random.choice(BAD_FIELDS))
    await expects(site, "bad fields", request("/predict", body), 422, "RequestSchemaViolation")


async def bad_tensors(site: Site) -> None:
    inputs = [{"name": "x", "datatype": "INT64", "shape": [2**32, 0], "data": []}]
    body = random.choice((b"{", fields(inputs=inputs), fields(inputs=[{"name": "x"}])))
    await expects(site, "bad tensors", request(f"/v2/models/{MODEL}/infer", body), 400, "BadRequest")


async def raises(site: Site) -> None:
    """User code that raises."""
    body = fields(x=next(_numbers), fail=True)
    await expects(site, "raises", request("/predict", body), 500, "PredictFailed")


async def bomb(site: Site) -> None:
    """A small body that is more than the limit once it is decompressed."""
    await expects(site, "bomb", request("/predict", BOMB, "content-encoding: gzip"), 413, "BodyTooLarge")


async def oversized(site: Site) -> None:
    """Refused by its length while it is still sent, or when its chunks are too much."""
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        if random.random() < 0.9:
            sent = request("/predict", b"", length=DEFAULT_REQUEST_BYTES + 1) + b"x" * 100_000
        else:
            chunk = b"100000\r\n" + b"x" * (1 << 20) + b"\r\n"
            sent = b"POST /predict HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + chunk * 65
        with contextlib.suppress(ConnectionError):  # what counts is the answer
            await connection.send(sent)
        answer = await connection.answer()
        site.ledger.expected_error("oversized", started, time.monotonic(), answer, 413, "BodyTooLarge")
    finally:
        await connection.close()


async def unknown(site: Site) -> None:
    connection = await Connection.open(site.port)
    try:
        await connection.send(
            request(random.choice(("/nowhere", "/v2/models/other/infer", "/v1/models/other:predict")), b"{}")
        )
        answer = await connection.answer()
        if answer.status != 404:
            site.ledger.violation("unknown", f"{answer}")
        site.ledger.uncounted("unknown", str(answer.status))
    finally:
        await connection.close()


async def half_upload(site: Site) -> None:
    """A client that dies while it sends: nothing has been asked for."""
    connection = await Connection.open(site.port)
    await connection.send(request("/predict", b'{"x": 1, "text": "' + b"x" * 300_000, length=600_000))
    await asyncio.sleep(random.random() * 0.05)
    connection.reset()
    await connection.close()
    site.ledger.uncounted("half upload", "reset")


async def reset(site: Site) -> None:
    """A client that dies while it waits."""
    connection = await Connection.open(site.port)
    await connection.send(request("/predict", fields(x=next(_numbers), wait=0.1)))
    await asyncio.sleep(0.05)
    connection.reset()
    await connection.close()
    site.ledger.left("reset")


async def half_closed(site: Site) -> None:
    """A client that ends its side: to the server it has left, or has its answer already."""
    x = next(_numbers)
    started = time.monotonic()
    connection = await Connection.open(site.port)
    try:
        await connection.send(request("/predict", fields(x=x, wait=random.choice((0, 0.05)))))
        await asyncio.sleep(random.choice((0, 0.02)))
        connection.end_sending()
        try:
            answer = await connection.answer()
        except (Gone, ConnectionError):
            site.ledger.left("half closed")
        else:
            site.ledger.prediction("half closed", started, time.monotonic(), answer, is_json(bundles.mixed(x)))
    finally:
        await connection.close()


async def late(site: Site) -> None:
    """Longer than a request may take."""
    x = next(_numbers)
    sent = request("/predict", fields(x=x, wait=TIMEOUT_SECONDS + 0.5))
    await expects(site, "late", sent, 504, "DeadlineExceeded")


async def burst(site: Site) -> None:
    """More at once than the queue holds."""

    async def one() -> None:
        x = next(_numbers)
        right = is_json(bundles.mixed(x))
        await ask(site, "burst", request("/predict", fields(x=x, wait=0.05)), right)

    await asyncio.gather(*(one() for _ in range(BURST)))
