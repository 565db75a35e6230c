"""A stand-in for a registry of images and charts: as much of the OCI distribution API as pushing and pulling takes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tools.testkit.http_in_thread import Quiet
from tools.testkit.request_body import request_body

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
def oci_registry(netns: Path | None = None) -> Iterator[Registry]:
    """One on 127.0.0.1, without TLS and logins; `host` is its address, in the network namespace `netns` too."""
    registry = Registry()
    handler = type("Handler", (_Handler,), {"registry": registry})
    with ExitStack() as servers:
        port = servers.enter_context(_serving(handler, socket.create_server(("127.0.0.1", 0))))
        registry.host = f"127.0.0.1:{port}"
        if netns is not None:
            servers.enter_context(_serving(handler, _listening_in(netns, port)))
        yield registry


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler], listening: socket.socket) -> Iterator[int]:
    """Its port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False)
    server.socket.close()
    server.socket = listening
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _listening_in(netns: Path, port: int) -> socket.socket:
    """A socket stays in the network namespace that its thread was in when it was made; root alone may enter one."""

    def listen() -> socket.socket:
        with netns.open() as opened:
            if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), 0):
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), str(netns))
        return socket.create_server(("127.0.0.1", port))

    with ThreadPoolExecutor(1) as thread:  # which ends in there
        return thread.submit(listen).result()


class _Handler(Quiet):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/v2/":
            return self.send_whole(200)
        found = self._found()
        if found is None:
            return self.send_whole(404)
        kind, named, content = found
        return self.send_whole(200, content, {"Content-Type": kind, "Docker-Content-Digest": named})

    do_HEAD = do_GET

    def do_POST(self) -> None:
        upload = uuid.uuid4().hex
        self.registry.uploads[upload] = request_body(self)
        self.send_whole(202, headers={"Location": f"{urlsplit(self.path).path.rstrip('/')}/{upload}", "Range": "0-0"})

    def do_PATCH(self) -> None:
        upload = self.path.rpartition("/")[2]
        self.registry.uploads[upload] += request_body(self)
        until = len(self.registry.uploads[upload]) - 1
        self.send_whole(202, headers={"Location": self.path, "Range": f"0-{until}"})

    def do_PUT(self) -> None:
        parts, body = urlsplit(self.path), request_body(self)
        match = _PATH.fullmatch(parts.path)
        if match is None:
            return self.send_whole(404)
        if match["kind"] == "manifests":
            kind = self.headers.get("Content-Type", "")
            for reference in (match["reference"], digest(body)):
                self.registry.manifests[match["name"], reference] = kind, body
            return self.send_whole(201, headers={"Docker-Content-Digest": digest(body), "Location": parts.path})
        content = self.registry.uploads.pop(parts.path.rpartition("/")[2], b"") + body
        named = digest(content)
        if parse_qs(parts.query).get("digest") != [named]:
            return self.send_whole(400)
        self.registry.blobs[named] = content
        place = f"/v2/{match['name']}/blobs/{named}"
        return self.send_whole(201, headers={"Docker-Content-Digest": named, "Location": place})

    def _found(self) -> tuple[str, str, bytes] | None:
        """Its media type, its digest and itself."""
        match = _PATH.fullmatch(urlsplit(self.path).path)
        if match is None:
            return None
        if match["kind"] == "manifests":
            kind, manifest = self.registry.manifests.get((match["name"], match["reference"]), ("", b""))
            return (kind, digest(manifest), manifest) if manifest else None
        content = self.registry.blobs.get(match["reference"])
        return None if content is None else ("application/octet-stream", match["reference"], content)
