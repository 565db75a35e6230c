"""A bundle's root on disk and the stores that prepare reads from."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_runtime.artifacts import retry
from bundle_runtime.contract.layout import Layout
from tools.testkit.artifact_stores import HttpStore, running_s3


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE_SECONDS", 0.01)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "root"))


@pytest.fixture
def http_store() -> Iterator[HttpStore]:
    running = HttpStore()
    yield running
    running.server.shutdown()
    running.server.server_close()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with running_s3(tmp_path_factory.mktemp("s3")) as environment:
        yield environment


@pytest.fixture
def s3(s3_server: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes], str]:
    """Puts an object into the bucket; prepare then finds the server by the environment."""
    for name, value in s3_server.items():
        monkeypatch.setenv(name, value)
    from bundle_runtime.artifacts.s3_client import client

    def put(key: str, content: bytes) -> str:
        client(1).put_object(Bucket="models", Key=key, Body=content)
        return f"s3://models/{key}"

    return put
