"""A line of JSON on standard output for each request of a client. No bodies and no queries: they may hold secrets."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from datetime import UTC, datetime
from time import monotonic
from typing import Any

import orjson

from bundle_runtime.server.http.exchange import Exchange

STDOUT = 1
PATH_MAX_BYTES = 1024
WRITES_WAITING_MAX = 256  # each holds the lines of one turn of the loop
CLOSE_SECONDS = 1.0


class AccessLog:
    """Standard output may be slow, or not be read: a thread writes, no request waits, and what is too much is dropped
    and counted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, file: int = STDOUT) -> None:
        self._loop = loop
        self._file = file
        self._lines: list[bytes] = []
        self._dropped = 0
        self._writes: queue.Queue[bytes | None] = queue.Queue(WRITES_WAITING_MAX)
        self._writer = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._writer.start()

    def begun(self, exchange: Exchange) -> None:
        pass

    def ended(self, exchange: Exchange, status: int, size: int) -> None:
        span = getattr(exchange, "span", None)
        entry: dict[str, Any] = {
            "time": datetime.now(UTC),
            "method": _text(exchange.method),
            "path": _text(exchange.target.partition(b"?")[0][:PATH_MAX_BYTES]),
            "status": status,
            "bytes": size,
            "durationMs": round((monotonic() - exchange.started) * 1000, 3),
            "requestId": _text(exchange.request_id),
        }
        if span is not None:
            entry["traceId"] = span.trace_id
        if not self._lines:
            self._loop.call_soon(self._hand_over)
        self._lines.append(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))

    def _hand_over(self) -> None:
        lines, self._lines = self._lines, []
        if not lines:
            return
        dropped = orjson.dumps({"droppedLines": self._dropped}) + b"\n" if self._dropped else b""
        try:
            self._writes.put_nowait(dropped + b"".join(lines))
            self._dropped = 0
        except queue.Full:
            self._dropped += len(lines)

    def _write(self) -> None:
        while (data := self._writes.get()) is not None:
            with contextlib.suppress(OSError):  # closed: the server serves on without it
                while data:
                    data = data[os.write(self._file, data) :]

    def close(self) -> None:
        self._hand_over()
        with contextlib.suppress(queue.Full):
            self._writes.put_nowait(None)
            self._writer.join(CLOSE_SECONDS)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")
