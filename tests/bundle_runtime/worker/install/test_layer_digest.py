"""What names a layer: the same lock on two clusters gives the same digest, and another wheel or image another one.

A cluster here is what `install` sees of one: an index at an address of its own, an image, a directory, a time.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bundle_runtime.contract.layout import Layout
from tools.testkit.distributions import wheel
from tools.testkit.layer import put_layer
from tools.testkit.package_index import image_with, index_of, run_install

PACKAGES: list[tuple[str, ...]] = [("plain", "1.0"), ("needs_plain", "1.0", "plain"), ("other", "1.0")]
LOCK = ["needs-plain==1.0", "plain==1.0"]


def image(directory: Path, version: str = "3.12", base: str = "1.0") -> Path:
    (directory / "wheels").mkdir(parents=True)
    return image_with(directory / "image", version, [wheel(directory / "wheels", "base", base, (), "image")])


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the image that both clusters pull: its files lie at the same paths in every pod."""
    return image(tmp_path_factory.mktemp("python"))


def digest_on(cluster: Path, packages: list[tuple[str, ...]], python: Path) -> str:
    """Of the layer that this cluster makes of the lock."""
    (cluster / "index").mkdir(parents=True)
    with index_of(cluster / "index", packages) as url:
        done = run_install(cluster / "root", python, LOCK, url)
    assert done.code == 0, done.log
    return put_layer(done.layout, Layout(str(cluster / "pod"))).digest


@pytest.fixture
def first(tmp_path: Path, python: Path) -> str:
    return digest_on(tmp_path / "first", PACKAGES, python)


def test_two_clusters_call_the_same_lock_the_same(tmp_path: Path, python: Path, first: str) -> None:
    time.sleep(1.1)  # so that no time of a file is the same
    more = [*PACKAGES, ("unrelated", "3.0")]
    assert digest_on(tmp_path / "elsewhere/with/a/longer/path", more, python) == first


def test_another_wheel_of_the_same_version_has_another(tmp_path: Path, python: Path, first: str) -> None:
    changed = [("plain", "1.0", "other"), *PACKAGES[1:]]
    assert digest_on(tmp_path / "second", changed, python) != first


def test_another_image_has_another(tmp_path: Path, first: str) -> None:
    assert digest_on(tmp_path / "second", PACKAGES, image(tmp_path / "a", base="2.0")) != first
    assert digest_on(tmp_path / "third", PACKAGES, image(tmp_path / "b", "3.11")) != first
