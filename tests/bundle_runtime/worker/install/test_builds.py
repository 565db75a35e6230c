"""What is built from source sees the image's packages, and keeps to the versions that the requirements name."""

from pathlib import Path

import pytest

from tools.testkit.distributions import sdist, wheel
from tools.testkit.package_index import image_with, run_install, served_index

BACKEND = """
import os, zipfile
import buildtool, torchlike

def build_wheel(directory, settings=None, metadata=None):
    name = "ext-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        saw = f"{torchlike.origin} {torchlike.version}, {buildtool.origin} {buildtool.version}"
        wheel.writestr("ext/__init__.py", f"origin, version = {saw!r}, '1.0'\\n")
        wheel.writestr("ext-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: ext\\nVersion: 1.0\\n\\n")
        wheel.writestr("ext-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("ext-1.0.dist-info/RECORD", "")
    return name
"""


@pytest.fixture(scope="module", params=["3.8", "3.13"])
def image(request, tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("wheels")
    wheels = [
        wheel(directory, "torchlike", "1.7.1+cu110", (), "image", compiled=True),
        wheel(directory, "buildtool", "79.0", (), "image"),
    ]
    return image_with(tmp_path_factory.mktemp("image"), request.param, wheels)


@pytest.mark.parametrize(
    ("needed", "listed", "saw"),
    [
        (("buildtool",), ["ext"], "image 1.7.1+cu110, index 81.0"),
        (("buildtool",), ["ext", "buildtool<81"], "image 1.7.1+cu110, index 80.0"),
        (("buildtool<80",), ["ext"], "image 1.7.1+cu110, image 79.0"),
        (("buildtool", "torchlike>=1.7"), ["ext"], "image 1.7.1+cu110, index 81.0"),
    ],
)
def test_a_build_sees_the_image_and_the_lists_versions(tmp_path, image, needed, listed, saw):
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    sdist(directory / "files", "ext", "1.0", BACKEND, needed)
    for version in ("80.0", "81.0"):
        wheel(directory / "files", "buildtool", version)
    wheel(directory / "files", "torchlike", "1.9.0")
    with served_index(directory) as url:
        done = run_install(tmp_path, image, listed, url)
    assert done.code == 0, done.log
    assert done.origin(image, "ext") == f"{saw} 1.0"


def test_a_build_that_fails_is_quoted(tmp_path, image):
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    sdist(directory / "files", "ext", "1.0", "raise SystemExit('gcc: not found, certificate, network')")
    with served_index(directory) as url:
        done = run_install(tmp_path, image, ["ext"], url)
    assert done.report["reason"] == "InstallFailed", done.log
    assert "gcc: not found" in done.report["message"]


def test_a_traceback_of_a_build_names_no_package(tmp_path, image):
    """Each has a File "<string>" in it, which once was taken for a package that the index lacks."""
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    sdist(directory / "files", "ext", "1.0", "x: list[int] = no")
    with served_index(directory) as url:
        done = run_install(tmp_path, image, ["ext"], url)
    assert done.report["reason"] == "InstallFailed", done.log
    assert "is not at the index" not in done.report["message"]


def test_what_a_build_needs_and_no_index_has_is_named(tmp_path, image):
    directory = tmp_path / "index"
    (directory / "files").mkdir(parents=True)
    sdist(directory / "files", "ext", "1.0", BACKEND, ("nowhere>=2",))
    with served_index(directory) as url:
        done = run_install(tmp_path, image, ["ext"], url)
    assert done.report["reason"] == "RequirementNotFound", done.log
    assert "nowhere is not at the index" in done.report["message"]


def test_an_entry_that_cannot_be_read_is_said_before_what_is_missing_or_the_images(tmp_path, image):
    (tmp_path / "index/files").mkdir(parents=True)
    with served_index(tmp_path / "index") as url:
        done = run_install(tmp_path, image, ["ext>=1.2<2", "torchlike==9.0"], url)
    assert done.report["reason"] == "InstallFailed", done.log
    assert "cannot be read: correct it" in done.report["message"]
