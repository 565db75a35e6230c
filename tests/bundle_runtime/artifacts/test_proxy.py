"""Stores behind a proxy that prepare's environment names: asked through it, or past it, and named where it fails.

Each fetch is a process of its own: Python reads the environment's proxies once.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.testkit.artifact_stores import HttpStore
from tools.testkit.proxy import Proxy

CONTENT = b"a pickle"
FETCH = """
import sys
from pathlib import Path
from bundle_runtime.artifacts import retry
from bundle_runtime.artifacts.fetch import fetch
retry.FIRST_PAUSE_SECONDS = 0.01
print(fetch(sys.argv[1], Path(sys.argv[2])).sha256)
"""


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    running = Proxy(CONTENT)
    yield running
    running.close()


def fetched(uri: str, target: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", FETCH, uri, str(target)]
    return subprocess.run(command, env={**own, **environment}, capture_output=True, text=True, check=False, timeout=60)


S3 = {"AWS_ENDPOINT_URL": "http://s3.example", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


@pytest.mark.parametrize(
    ("uri", "asked"), [("http://models.example/a.pkl", "http://models.example/a.pkl"), ("s3://models/a.pkl", "")]
)
def test_what_lies_outside_is_asked_through_it(tmp_path: Path, proxy: Proxy, uri: str, asked: str) -> None:
    done = fetched(uri, tmp_path / "a", HTTP_PROXY=proxy.url, NO_PROXY="localhost,127.0.0.1,.svc", **S3)
    assert done.returncode == 0, done.stderr
    assert proxy.asked[0].startswith(asked or "http://s3.example/models/a.pkl")


def test_a_name_of_the_cluster_is_asked_past_it(tmp_path: Path, proxy: Proxy) -> None:
    done = fetched("http://store.models.svc/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, NO_PROXY="localhost,.svc")
    assert done.returncode != 0
    assert "cannot reach http://store.models.svc/a.pkl" in done.stderr
    assert "proxy" not in done.stderr
    assert proxy.asked == []


def test_this_machine_is_asked_past_it(tmp_path: Path, proxy: Proxy, http_store: HttpStore) -> None:
    http_store.files["/a.pkl"] = CONTENT
    done = fetched(http_store.url + "/a.pkl", tmp_path / "a", HTTP_PROXY=proxy.url, NO_PROXY="localhost,127.0.0.1")
    assert done.returncode == 0, done.stderr
    assert (proxy.asked, http_store.asked) == ([], 1)


@pytest.mark.parametrize("uri", ["http://models.example/a.pkl", "s3://models/a.pkl"])
def test_one_that_does_not_answer_is_named_without_a_login(tmp_path: Path, uri: str) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{nobody.getsockname()[1]}"
        done = fetched(uri, tmp_path / "a", HTTP_PROXY=f"http://user:secret@{at}", NO_PROXY="localhost", **S3)
    assert done.returncode != 0
    assert f"it was asked through the proxy http://{at}, which hosts in NO_PROXY are not" in done.stderr
    assert "secret" not in done.stderr
