"""What a client sends, by its length or in chunks: for servers of tests that are made of http.server."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler


def request_body(request: BaseHTTPRequestHandler) -> bytes:
    """All of it; empty where there is none."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = bytearray()  # bytes would be copied whole for each of thousands of chunks
    while size := int(request.rfile.readline().split(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return bytes(body)
