"""What a client reads from the bytes of a connection: an answer for each request, whole, and not a byte more."""

from __future__ import annotations

from typing import NamedTuple

# differ from one run to the next, or say of the body what the body says
_CHANGING = (b"date", b"x-request-id", b"content-length")


class Answer(NamedTuple):
    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    whole: bool  # False: the connection ended within it


def parse(data: bytes, methods: list[bytes]) -> list[Answer]:
    """One for each request of ``methods`` that was answered; AssertionError when the bytes are something else."""
    answers: list[Answer] = []
    for method in methods:
        while data.startswith(b"HTTP/1.1 100 "):
            data = data.partition(b"\r\n\r\n")[2]
        if not data:
            break
        answer, data = _one(data, method)
        answers.append(answer)
    while data.startswith(b"HTTP/1.1 100 Continue\r\n\r\n"):
        data = data.partition(b"\r\n\r\n")[2]
    assert not data, f"more than one answer for each of {methods}: {data[:200]!r}"
    return answers


def _one(data: bytes, method: bytes) -> tuple[Answer, bytes]:
    head, end, rest = data.partition(b"\r\n\r\n")
    assert end, f"headers without an end: {data[:200]!r}"
    first, *lines = head.split(b"\r\n")
    version, status, _ = first.split(b" ", 2)
    assert version == b"HTTP/1.1"
    assert status.isdigit()
    headers = []
    for line in lines:
        name, colon, value = line.partition(b": ")
        assert colon, line
        assert name.replace(b"-", b"").isalnum(), line
        headers.append((name, value))
    by_name = dict(headers)
    assert len(by_name) == len(headers), headers
    body, rest, whole = _body(by_name, rest, method)
    if by_name[b"content-type"].startswith(b"text/plain"):
        body = b""  # /metrics has the process's own figures
    kept = tuple(header for header in headers if header[0] not in _CHANGING)
    return Answer(int(status), kept, body, whole), rest


def _body(headers: dict[bytes, bytes], rest: bytes, method: bytes) -> tuple[bytes, bytes, bool]:
    if b"content-length" in headers:
        assert b"transfer-encoding" not in headers
        if method == b"HEAD":
            return b"", rest, True
        length = int(headers[b"content-length"])
        assert len(rest) >= length, "an answer that ends early"
        return rest[:length], rest[length:], True
    if headers.get(b"transfer-encoding") != b"chunked":
        assert headers.get(b"connection") == b"close", headers
        return rest, b"", True
    body = b""
    while rest:
        line, end, rest = rest.partition(b"\r\n")
        assert end
        size = int(line, 16)
        assert rest[size : size + 2] == b"\r\n"
        body += rest[:size]
        rest = rest[size + 2 :]
        if size == 0:
            return body, rest, True
    return body, b"", False
