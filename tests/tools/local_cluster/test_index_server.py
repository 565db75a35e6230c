"""The package index, over real HTTP: what pip and uv ask of it."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tools.local_cluster.index_server import Handler, normalized
from tools.testkit.http_in_thread import HttpInThread

WHEEL = "My_Package-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "wheels").mkdir()
    (tmp_path / "wheels" / WHEEL).write_bytes(b"a wheel")
    (tmp_path / "secret").write_text("not served")
    handler = type("TestHandler", (Handler,), {"directory": tmp_path / "wheels", "log_message": lambda *_: None})
    with closing(HttpInThread(handler)) as server:
        yield server.url


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        data: bytes = answer.read()
        return data


@pytest.mark.parametrize("name", ["My_Package", "my.package", "MY--package"])
def test_names_are_compared_as_pep_503_says(name: str) -> None:
    assert normalized(name) == "my-package"


def test_the_root_lists_the_projects(index: str) -> None:
    assert b'href="/simple/my-package/"' in fetch(f"{index}/simple/")


def test_a_project_lists_its_files_with_their_hashes(index: str) -> None:
    digest = hashlib.sha256(b"a wheel").hexdigest()
    assert f'href="/files/{WHEEL}#sha256={digest}"'.encode() in fetch(f"{index}/simple/my-package/")


def test_a_file_comes_whole(index: str) -> None:
    assert fetch(f"{index}/files/{WHEEL}") == b"a wheel"


@pytest.mark.parametrize("path", ["/simple/absent/", "/files/absent.whl", "/files/..%2Fsecret", "/", "/other"])
def test_anything_else_is_not_found(index: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(index + path)
