"""A store that a proxy alone knows the way to, with a certificate of a private authority: read by HTTPS and by S3, and
what is said where one of the two is missing."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.bundle_runtime.artifacts.test_proxy import CONTENT, fetched
from tools.testkit.artifact_stores import HttpStore
from tools.testkit.only_way import OnlyWay
from tools.testkit.private_authority import PrivateAuthority

FILES, OBJECTS = "files.example", "objects.example"
HTTPS, S3 = f"https://{FILES}/a.pkl", "s3://models/only-way.pkl"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"), [FILES, OBJECTS])


@pytest.fixture
def way(
    authority: PrivateAuthority, http_store: HttpStore, s3: Callable[[str, bytes], str], s3_server: dict[str, str]
) -> Iterator[OnlyWay]:
    http_store.files["/a.pkl"] = CONTENT
    assert s3("only-way.pkl", CONTENT) == S3
    names = {FILES: urlsplit(http_store.url).netloc, OBJECTS: urlsplit(s3_server["AWS_ENDPOINT_URL"]).netloc}
    running = OnlyWay(names, authority.of_a_server())
    yield running
    running.close()


@pytest.fixture
def fetch(
    tmp_path: Path, authority: PrivateAuthority, way: OnlyWay, s3_server: dict[str, str]
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """As a pod of such a platform does; an empty value takes a variable away."""
    usual = {
        **s3_server,
        "AWS_ENDPOINT_URL": f"https://{OBJECTS}",
        "HTTPS_PROXY": way.url,
        "NO_PROXY": "localhost,127.0.0.1,.svc",
        **dict.fromkeys(("SSL_CERT_FILE", "AWS_CA_BUNDLE"), str(authority.file)),
    }

    def fetch(uri: str, **changes: str) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in {**usual, **changes}.items() if value}
        return fetched(uri, tmp_path / "a", **environment)

    return fetch


@pytest.mark.parametrize("uri", [HTTPS, S3])
def test_it_is_read_through_the_proxy(
    fetch: Callable[..., subprocess.CompletedProcess[str]], way: OnlyWay, uri: str
) -> None:
    done = fetch(uri)
    assert done.returncode == 0, done.stderr
    assert set(way.asked) == {f"{FILES if uri == HTTPS else OBJECTS}:443"}


@pytest.mark.parametrize("uri", [HTTPS, S3])
def test_without_the_proxy_there_is_no_way(
    fetch: Callable[..., subprocess.CompletedProcess[str]], way: OnlyWay, uri: str
) -> None:
    done = fetch(uri, HTTPS_PROXY="")
    assert "StoreUnreachable" in done.stderr
    assert "through the proxy" not in done.stderr
    assert way.asked == []


@pytest.mark.parametrize("uri", [HTTPS, S3])
def test_without_the_authority_the_certificate_is_not_trusted(
    fetch: Callable[..., subprocess.CompletedProcess[str]], uri: str
) -> None:
    done = fetch(uri, SSL_CERT_FILE="", AWS_CA_BUNDLE="")
    assert "StoreUnreachable" in done.stderr
    assert "is not trusted" in done.stderr


@pytest.mark.parametrize("uri", [HTTPS.replace(FILES, "unknown.example"), S3])
def test_a_name_that_the_proxy_does_not_know_is_said_with_the_proxy(
    fetch: Callable[..., subprocess.CompletedProcess[str]], way: OnlyWay, uri: str
) -> None:
    done = fetch(uri, AWS_ENDPOINT_URL="https://unknown.example")
    assert "StoreUnreachable" in done.stderr
    assert f"it was asked through the proxy {way.url}" in done.stderr
