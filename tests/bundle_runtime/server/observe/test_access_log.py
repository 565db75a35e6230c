"""A line for each request: what is in it, and that a log which nobody reads holds up nothing."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any, cast

from bundle_runtime.server.http.exchange import Exchange, Responder
from bundle_runtime.server.observe.access_log import PATH_MAX_BYTES, WRITES_WAITING_MAX, AccessLog


def exchange(target: bytes = b"/predict?key=secret", method: bytes = b"POST") -> Exchange:
    found = Exchange(cast(Responder, None), monotonic())
    found.method, found.target, found.request_id = method, target, b"a-1"
    return found


async def lines(tmp_path: Path, *exchanges: Exchange) -> list[Any]:
    path = tmp_path / "log"
    file = os.open(path, os.O_WRONLY | os.O_CREAT)
    log = AccessLog(asyncio.get_running_loop(), file)
    for each in exchanges:
        log.begun(each)
        log.ended(each, 200, 5)
    log.close()
    os.close(file)
    return [json.loads(line) for line in path.read_bytes().splitlines()]


async def test_a_line(tmp_path: Path) -> None:
    (line,) = await lines(tmp_path, exchange())
    assert line.pop("durationMs") >= 0
    said = datetime.fromisoformat(line.pop("time"))
    assert abs(datetime.now(UTC) - said) < timedelta(minutes=5)
    assert line == {"method": "POST", "path": "/predict", "status": 200, "bytes": 5, "requestId": "a-1"}


async def test_what_a_client_writes_stays_within_its_line(tmp_path: Path) -> None:
    hostile = [b'/"}\n{"status": 200}', b"/\xff\xfe", b"/" + b"a" * 16_000, b""]
    found = await lines(tmp_path, *map(exchange, hostile))
    assert len(found) == len(hostile)
    assert found[0]["path"] == '/"}\n{"status": 200}'
    assert len(found[2]["path"]) == PATH_MAX_BYTES


async def test_a_log_that_is_not_read_drops_lines_and_says_how_many() -> None:
    reading, writing = os.pipe()
    log = AccessLog(asyncio.get_running_loop(), writing)
    count = 0
    while not log._dropped:  # the pipe is full, and so is what may wait for it
        log.ended(exchange(), 200, 5)
        await asyncio.sleep(0)
        count += 1
        assert count < 10_000 + WRITES_WAITING_MAX, "the loop was not held up, and nothing was dropped"
    dropped = log._dropped
    found = b""
    while found.count(b"\n") < count - dropped:
        found += os.read(reading, 65536)
    log.ended(exchange(), 200, 5)
    log.close()
    found = os.read(reading, 65536)
    assert [json.loads(line).get("droppedLines") for line in found.splitlines()] == [dropped, None]
    os.close(reading)
    os.close(writing)


async def test_a_log_that_is_closed_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    log = AccessLog(asyncio.get_running_loop(), writing)
    log.ended(exchange(), 200, 5)
    log.close()
    assert not log._writer.is_alive()
    os.close(writing)
