"""A stand-in for a registry of images and charts: as much of the OCI distribution API as pushing and pulling takes."""

from __future__ import annotations

import hashlib
import re
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_PATH = re.compile(r"/v2/(?P<name>[a-z0-9./_-]+)/(?P<kind>blobs|manifests)/(?P<reference>[\w.:+-]+|uploads/[\w-]*)")


class Registry:
    """`blobs` by digest; `manifests` by repository and tag or digest, each with its media type."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        self.host = ""

    def tags(self, name: str) -> list[str]:
        """Of a repository."""
        return sorted(tag for found, tag in self.manifests if found == name and not tag.startswith("sha256:"))


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@contextmanager
def oci_registry() -> Iterator[Registry]:
    """One on 127.0.0.1, without TLS and logins; `host` is its address."""
    registry = Registry()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"registry": registry}))
    registry.host = f"127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield registry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/v2/":
            return self._answer(200)
        found = self._found()
        if found is None:
            return self._answer(404)
        kind, content = found
        return self._answer(200, content, {"Content-Type": kind, "Docker-Content-Digest": digest(content)})

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        upload = uuid.uuid4().hex
        self.registry.uploads[upload] = self._body()
        self._answer(202, headers={"Location": f"{urlsplit(self.path).path.rstrip('/')}/{upload}", "Range": "0-0"})

    def do_PATCH(self) -> None:
        upload = self.path.rpartition("/")[2]
        self.registry.uploads[upload] += self._body()
        until = len(self.registry.uploads[upload]) - 1
        self._answer(202, headers={"Location": self.path, "Range": f"0-{until}"})

    def do_PUT(self) -> None:
        parts, body = urlsplit(self.path), self._body()
        match = _PATH.fullmatch(parts.path)
        if match is None:
            return self._answer(404)
        if match["kind"] == "manifests":
            kind = self.headers.get("Content-Type", "")
            for reference in (match["reference"], digest(body)):
                self.registry.manifests[match["name"], reference] = kind, body
            return self._answer(201, headers={"Docker-Content-Digest": digest(body), "Location": parts.path})
        content = self.registry.uploads.pop(parts.path.rpartition("/")[2], b"") + body
        if parse_qs(parts.query).get("digest") != [digest(content)]:
            return self._answer(400)
        self.registry.blobs[digest(content)] = content
        place = f"/v2/{match['name']}/blobs/{digest(content)}"
        return self._answer(201, headers={"Docker-Content-Digest": digest(content), "Location": place})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _found(self) -> tuple[str, bytes] | None:
        match = _PATH.fullmatch(urlsplit(self.path).path)
        if match is None:
            return None
        if match["kind"] == "manifests":
            return self.registry.manifests.get((match["name"], match["reference"]))
        content = self.registry.blobs.get(match["reference"])
        return None if content is None else ("application/octet-stream", content)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _answer(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
