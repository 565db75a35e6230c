"""install with what the operator's settings say of package indexes: a private authority."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.testkit.package_index import image_with, run_install, served_index, wheel
from tools.testkit.private_authority import PrivateAuthority


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_with(tmp_path_factory.mktemp("image"), "3.12", [wheel(tmp_path_factory.mktemp("wheels"), "has", "1")])


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> PrivateAuthority:
    return PrivateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory, authority: PrivateAuthority) -> Iterator[str]:
    """An index with a certificate of the private authority."""
    directory = tmp_path_factory.mktemp("signed")
    (directory / "files").mkdir()
    wheel(directory / "files", "plain", "1.0")
    with served_index(directory, tls=authority.of_a_server()) as url:
        yield url


def test_an_index_signed_by_the_platforms_authority_is_read(
    tmp_path: Path, image: Path, signed: str, authority: PrivateAuthority
) -> None:
    done = run_install(tmp_path, image, ["plain"], signed, SSL_CERT_FILE=str(authority.file))
    assert done.code == 0, done.log
    assert done.report["count"] == 1


def test_without_it_the_setting_is_named(tmp_path: Path, image: Path, signed: str) -> None:
    done = run_install(tmp_path, image, ["plain"], signed)
    assert done.report["reason"] == "IndexUnreachable"
    assert "certificate" in done.report["message"]
    assert "caConfigMap" in done.report["message"]
