"""A pod whose layer was made for its entries and its image installs nothing; any other installs as without one."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bundle_runtime.contract.layer import LayerReference
from bundle_runtime.contract.layout import Layout
from launch.lineage.lock import installed_in_log
from tools.testkit.distributions import wheel
from tools.testkit.layer import put_layer
from tools.testkit.package_index import image_with, index_of, run_install
from tools.testkit.pythons import VERSIONS

NO_INDEX = "http://127.0.0.1:9/simple"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    packages = [("plain", "1.0"), ("plain", "2.0"), ("other", "1.0"), ("needs_plain", "1.0", "plain")]
    with index_of(tmp_path_factory.mktemp("index"), packages) as url:
        yield url


def image(directory: Path, version: str = "3.12", *packages: tuple[str, str]) -> Path:
    """Its interpreter; what it has is pure Python."""
    wheels = directory / "wheels"
    wheels.mkdir(parents=True)
    return image_with(directory / "image", version, [wheel(wheels, *package, (), "image") for package in packages])


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image(tmp_path_factory.mktemp("python"), "3.12", ("base", "1.0"))


@pytest.fixture
def built(tmp_path: Path, python: Path, index: str) -> Callable[[Path], LayerReference]:
    """Puts a layer of needs-plain into a root."""
    done = run_install(tmp_path / "job", python, ["needs-plain"], index)
    assert done.code == 0, done.log
    return lambda root: put_layer(done.layout, Layout(str(root)))


def left_in(layout: Layout) -> set[str]:
    return {path.name for path in Path(layout.requirements_dir).iterdir()}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_next_pod_needs_no_index(tmp_path: Path, index: str, version: str) -> None:
    python = image(tmp_path, version, ("base", "1.0"))
    first = run_install(tmp_path / "job", python, ["needs-plain"], index)
    assert first.code == 0, first.log
    reference = put_layer(first.layout, Layout(str(tmp_path / "pod")))
    done = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    assert done.code == 0, done.log
    assert done.report["layer"] == reference.digest
    assert set(done.report["seconds"]) == {"layer"}
    assert done.report["requirementsDigest"] == first.report["requirementsDigest"]
    assert done.report["count"] == 2
    assert not [path for path in Path(done.layout.requirements_dir).rglob("*.py") if not path.is_symlink()]
    assert Path(done.layout.requirements_dir, ".from-layer").read_text() == reference.digest
    assert f"the layer {reference.digest} has the 2 packages that the image lacks\n" in done.out
    assert installed_in_log(done.out, done.report["requirementsDigest"]) == ["needs-plain==1.0", "plain==2.0"]


def test_its_files_are_found_where_an_installation_has_them(
    tmp_path: Path, python: Path, built: Callable[[Path], LayerReference]
) -> None:
    """A bundle's LD_LIBRARY_PATH may name a directory there."""
    built(tmp_path / "pod")
    done = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    assert done.origin(python, "plain") == "index 2.0"
    assert Path(done.layout.requirements_dir, "plain/__init__.py").samefile(
        Path(done.layout.layer_dir, "plain/__init__.py")
    )


def test_files_of_install_are_no_links_into_a_layer(
    tmp_path: Path, python: Path, built: Callable[[Path], LayerReference]
) -> None:
    built(tmp_path / "pod")
    for name in (".from-layer", ".modelbundle"):
        Path(Layout(str(tmp_path / "pod")).layer_dir, name).write_text("of somebody")
    done = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    assert done.code == 0, done.log
    assert not [path for path in Path(done.layout.requirements_dir).glob(".*") if path.is_symlink()]


@pytest.mark.parametrize("version", ["3.8", "3.13"])
def test_its_bytecode_is_used_whatever_the_time_of_its_source(tmp_path: Path, index: str, version: str) -> None:
    python = image(tmp_path, version)
    first = run_install(tmp_path / "job", python, ["plain"], index)
    assert first.code == 0, first.log
    pod = Layout(str(tmp_path / "pod"))
    put_layer(first.layout, pod)
    source = Path(pod.layer_dir, "plain/__init__.py")
    os.utime(source, (1, 1))
    program = f"import sys; sys.path.insert(0, {pod.layer_dir!r}); import plain"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    said = subprocess.run([python, "-v", "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert f"matches {source}" in said.stderr


def test_what_uv_needs_need_not_be_there(tmp_path: Path, python: Path, built: Callable[[Path], LayerReference]) -> None:
    built(tmp_path / "pod")
    layout = Layout(str(tmp_path / "pod"))
    shutil.copytree(tmp_path / "job/bundle", tmp_path / "pod/bundle")
    Path(layout.uv).write_bytes(b"not a program")
    assert run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX).code == 0


def test_another_image_installs_itself(tmp_path: Path, index: str, built: Callable[[Path], LayerReference]) -> None:
    reference = built(tmp_path / "pod")
    other = image(tmp_path / "other", "3.12", ("base", "2.0"))
    done = run_install(tmp_path / "pod", other, ["needs-plain"], index)
    assert (done.code, done.report["count"]) == (0, 2), done.log
    assert done.report["layerFailed"]["why"] == "Mismatch"
    said = f"the layer {reference.digest} was made for another image, Python or machine than this one"
    assert done.report["layerFailed"]["message"].startswith(said)
    assert f"{said}: " in done.out
    assert "layer" not in done.report
    assert ".from-layer" not in left_in(done.layout)


def test_another_python_installs_itself(tmp_path: Path, index: str, built: Callable[[Path], LayerReference]) -> None:
    built(tmp_path / "pod")
    done = run_install(tmp_path / "pod", image(tmp_path / "other", "3.8", ("base", "1.0")), ["needs-plain"], index)
    assert (done.code, done.report["layerFailed"]["why"]) == (0, "Mismatch")


def test_other_entries_are_installed(
    tmp_path: Path, python: Path, index: str, built: Callable[[Path], LayerReference]
) -> None:
    built(tmp_path / "pod")
    done = run_install(tmp_path / "pod", python, ["other"], index)
    assert (done.code, done.report["layerFailed"]["why"]) == (0, "Mismatch"), done.log
    assert Path(done.layout.requirements_dir, "installed.txt").read_text() == "other==1.0\n"


def described_as_anything(tree: Path) -> None:
    (tree / ".layer.json").write_text("[" * 100_000)


def described_by_more_than_is_read(tree: Path) -> None:
    (tree / ".layer.json").write_bytes(b" " * (5 << 20))


def without_description(tree: Path) -> None:
    (tree / ".layer.json").unlink()


def listed_as_no_text(tree: Path) -> None:
    (tree / "installed.txt").write_bytes(b"\xff")


def without_list(tree: Path) -> None:
    (tree / "installed.txt").unlink()


def without_reference(tree: Path) -> None:
    (tree.parent / "reference.json").unlink()


def with_another_reference(tree: Path) -> None:
    (tree.parent / "reference.json").write_text(json.dumps({"digest": "sha256:x"}))


@pytest.mark.parametrize(
    "change",
    [
        described_as_anything,
        described_by_more_than_is_read,
        without_description,
        listed_as_no_text,
        without_list,
        without_reference,
        with_another_reference,
    ],
)
def test_a_layer_that_cannot_be_read_stops_nothing(
    tmp_path: Path,
    python: Path,
    index: str,
    built: Callable[[Path], LayerReference],
    change: Callable[[Path], None],
) -> None:
    built(tmp_path / "pod")
    change(Path(Layout(str(tmp_path / "pod")).layer_dir))
    done = run_install(tmp_path / "pod", python, ["needs-plain"], index)
    assert (done.code, done.report["count"]) == (0, 2), done.log
    assert done.report["layerFailed"]["why"] == "Mismatch"


def test_a_layer_that_cannot_be_put_in_place_stops_nothing(
    tmp_path: Path, python: Path, index: str, built: Callable[[Path], LayerReference]
) -> None:
    """Links to directories, which no system makes, stand for whatever a disk refuses."""
    built(tmp_path / "pod")
    layout = Layout(str(tmp_path / "pod"))
    shutil.copytree(tmp_path / "job/bundle", tmp_path / "pod/bundle")
    module = Path(layout.runtime_dir, "bundle_runtime/worker/install/__main__.py")
    module.write_text(module.read_text().replace("os.symlink(", "os.link("))  # which takes no directory
    done = run_install(tmp_path / "pod", python, ["needs-plain"], index)
    assert (done.code, done.report["count"]) == (0, 2), done.log
    assert "cannot be put in place" in done.report["layerFailed"]["message"]
    assert ".from-layer" not in left_in(done.layout)


def test_a_second_run_takes_it_again(tmp_path: Path, python: Path, built: Callable[[Path], LayerReference]) -> None:
    built(tmp_path / "pod")
    first = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    second = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    assert second.code == 0
    assert (second.report["layer"], left_in(second.layout)) == (first.report["layer"], left_in(first.layout))


def test_where_it_is_gone_a_second_run_installs(
    tmp_path: Path, python: Path, index: str, built: Callable[[Path], LayerReference]
) -> None:
    """As when a node was restarted, and prepare could not fetch it again."""
    built(tmp_path / "pod")
    run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    shutil.rmtree(Layout(str(tmp_path / "pod")).layer_dir)
    done = run_install(tmp_path / "pod", python, ["needs-plain"], index)
    assert (done.code, "layer" in done.report) == (0, False), done.log
    assert {"plain", "needs_plain"} < left_in(done.layout)
    assert ".from-layer" not in left_in(done.layout)


def test_what_is_installed_already_stays(
    tmp_path: Path, python: Path, index: str, built: Callable[[Path], LayerReference]
) -> None:
    done = run_install(tmp_path / "pod", python, ["needs-plain"], index)
    built(tmp_path / "pod")
    again = run_install(tmp_path / "pod", python, ["needs-plain"], NO_INDEX)
    assert (again.code, left_in(again.layout)) == (0, left_in(done.layout))
    assert "layer" not in again.report


def test_what_nothing_had_to_be_installed_for_is_a_layer_too(tmp_path: Path, python: Path) -> None:
    """To find that out takes an index."""
    with index_of_nothing(tmp_path) as url:
        first = run_install(tmp_path / "job", python, ["base"], url)
    assert (first.code, first.report["count"]) == (0, 0), first.log
    put_layer(first.layout, Layout(str(tmp_path / "pod")))
    done = run_install(tmp_path / "pod", python, ["base"], NO_INDEX)
    assert (done.code, done.report["count"]) == (0, 0), done.log
    assert done.report["requirementsDigest"] == "sha256:" + hashlib.sha256(b"").hexdigest()


def index_of_nothing(directory: Path):
    return index_of(directory, [])
