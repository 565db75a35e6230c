"""The page's server on a stand-in API server, and a Chromium that looks at it."""

from __future__ import annotations

import json
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bundle_spec.names import ENDPOINT_PLURAL, PLURAL
from launch.cluster.connection import Connection
from launch.ui.actions import POSTS, WRITES
from launch.ui.board import Board
from launch.ui.cluster_source import ClusterSource
from launch.ui.requests import READS
from launch.ui.server import Server
from launch.ui.watching import start
from tests.launch.ui.browser import Browser, chromium
from tests.launch.ui.stand_in import StandIn

TOKEN = "a-token"


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    found = StandIn()
    monkeypatch.setenv("KUBECONFIG", found.write_kubeconfig(tmp_path / "kubeconfig"))
    monkeypatch.setattr("launch.ui.cluster_source.LEAST_SECONDS", 0.01)
    yield found
    found.close()


@dataclass
class Page:
    """What a page is given."""

    server: Server

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON, with the token unless `headers` say otherwise."""
        data = None if body is None else json.dumps(body).encode()
        wanted = {"Authorization": f"Bearer {TOKEN}", **headers}
        request = urllib.request.Request(self.root + path, data=data, headers=wanted)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def stream(self) -> Iterator[dict]:
        """The changes as they come."""
        request = urllib.request.Request(self.root + "/api/stream", headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=60) as answer:  # longer than between two signs of life
            assert answer.headers["Content-Type"] == "text/event-stream"
            for line in answer:
                if line.startswith(b"data: "):
                    yield json.loads(line[6:])


@pytest.fixture
def serve(api: StandIn) -> Iterator[Callable[..., Page]]:
    """The page of a namespace, or of all; its watches run."""
    servers: list[Server] = []
    stopping = threading.Event()

    def make(namespace: str | None = None, write: bool = False) -> Page:
        source = ClusterSource(Connection(), namespace)
        info = {"where": source.where, "namespace": source.namespace, "narrowed": source.narrowed, "write": write}
        board = Board(info)
        server = Server(0, TOKEN, board, source, READS, {**POSTS, **(WRITES if write else {})})
        servers.append(server)
        start(source, board, stopping, [PLURAL, ENDPOINT_PLURAL])
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return Page(server)

    yield make
    stopping.set()
    for server in servers:
        server.stopping.set()
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium, or name one in CHROMIUM")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        found = Browser(program, Path(profile))
        yield found
        found.close()
