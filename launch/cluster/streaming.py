"""A prediction that comes item by item: server-sent events become values as they arrive.

Each item is yielded before the next one is asked for, so a caller that is slow slows the function down; a caller that
stops closes the connection, and the function's generator with it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Generator, Iterable, Iterator, List, Mapping, Optional, Tuple

from launch.cluster.posting import Streamed
from launch.cluster.prediction import error_of, request_body
from launch.errors import APIError

if TYPE_CHECKING:
    from launch.cluster.connection import Connection

EVENTS = "text/event-stream"
FAILED_WITHIN = 500  # the status of an error that comes after the first item


def stream(
    connection: "Connection",
    service: str,
    request: Mapping[str, Any],
    timeout: float,
    extra_headers: Optional[Mapping[str, str]] = None,
) -> Generator[Any, None, None]:
    """The items; one where the function yields none and returns. PredictionError before or between them when the bundle
    answers with an error, APIError when nothing answers or the connection ends; `timeout` is for each, in seconds."""
    body = request_body(request, timeout, extra_headers)
    yield from items(connection.stream(service, body, timeout, extra_headers))


def items(streamed: Streamed) -> Generator[Any, None, None]:
    """The items of an answer that has begun."""
    status, headers, pieces = streamed
    if status >= 400:
        raise error_of(status, b"".join(pieces))
    if headers.get("content-type", "").partition(";")[0].strip() != EVENTS:
        yield _value(b"".join(pieces))
        return
    try:
        for event, data in events(pieces):
            if event == b"error":
                raise error_of(FAILED_WITHIN, data)
            yield _value(data)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()


def events(pieces: Iterable[bytes]) -> Iterator[Tuple[bytes, bytes]]:
    """The name and the data of each event; pure. What comes after the last blank line is left out."""
    name = b""
    data: List[bytes] = []
    for line in _lines(pieces):
        if not line:
            if data:
                yield name, b"\n".join(data)
            name, data = b"", []
        elif line.startswith(b"data:"):
            data.append(line[5:].lstrip(b" "))
        elif line.startswith(b"event:"):
            name = line[6:].strip()


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r")


def _value(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise APIError(0, f"an item of the answer is not JSON: {text[:200]!r}", "NotJSON") from error
