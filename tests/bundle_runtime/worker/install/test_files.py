"""Which file a package was installed from is told, and where requirements have hashes no other file is installed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.install.files import FROM_SOURCE, File, read_lock, tell_files
from tools.testkit.distributions import sdist, wheel
from tools.testkit.layer import put_layer
from tools.testkit.package_index import Outcome, image_with, run_install, served_index

BACKEND = """
import zipfile
def build_wheel(directory, settings=None, metadata=None):
    name = "built-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as archive:
        archive.writestr("built/__init__.py", "")
        archive.writestr("built-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: built\\nVersion: 1.0\\n")
        wheel = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr("built-1.0.dist-info/WHEEL", wheel)
        archive.writestr("built-1.0.dist-info/RECORD", "")
    return name
"""
WRONG = "0" * 64


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    directory = tmp_path_factory.mktemp("index") / "files"
    directory.mkdir()
    return {
        "plain": wheel(directory, "plain", "1.0"),
        "needs-plain": wheel(directory, "needs_plain", "1.0", ("plain",)),
        "built": sdist(directory, "built", "1.0", BACKEND),
    }


@pytest.fixture(scope="module")
def index(files: dict[str, Path]) -> Iterator[str]:
    with served_index(files["plain"].parent.parent) as url:
        yield url


@pytest.fixture(scope="module", params=["3.8", "3.12"])
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_with(tmp_path_factory.mktemp("image"), request.param, [])


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def told(done: Outcome) -> list[str]:
    """The lines of the log, once their digest is the reported one."""
    lines = done.out.splitlines()
    listed = lines[lines.index(f"files of these {done.report['count']} packages, {done.report['files']}") + 1 :]
    content = "".join(f"{line}\n" for line in listed).encode()
    assert done.report["files"] == "sha256:" + hashlib.sha256(content).hexdigest()
    return listed


def test_the_log_has_the_hash_of_each_file_and_says_what_was_built(
    tmp_path: Path, python: Path, index: str, files: dict[str, Path]
) -> None:
    done = run_install(tmp_path, python, ["needs-plain", "built"], index)
    assert done.code == 0, done.log
    assert told(done) == [
        f"built==1.0 --hash=sha256:{sha256(files['built'])}{FROM_SOURCE}",
        f"needs-plain==1.0 --hash=sha256:{sha256(files['needs-plain'])}",
        f"plain==1.0 --hash=sha256:{sha256(files['plain'])}",
    ]
    assert done.report["fromSource"] == ["built==1.0"]


def test_a_layer_says_the_same(tmp_path: Path, python: Path, index: str) -> None:
    first = run_install(tmp_path / "job", python, ["plain", "built"], index)
    put_layer(first.layout, Layout(str(tmp_path / "pod")))
    done = run_install(tmp_path / "pod", python, ["plain", "built"], "http://127.0.0.1:9/simple")
    assert done.code == 0, done.log
    assert told(done) == told(first)
    assert done.report["fromSource"] == ["built==1.0"]


def test_nothing_installed_has_no_files(tmp_path: Path, python: Path, index: str) -> None:
    assert "files" not in run_install(tmp_path, python, [], index).report


def test_what_has_hashes_is_installed_from_those_files(
    tmp_path: Path, python: Path, index: str, files: dict[str, Path]
) -> None:
    entries = [f"{name}==1.0 --hash=sha256:{WRONG} --hash=sha256:{sha256(file)}" for name, file in files.items()]
    done = run_install(tmp_path, python, entries, index)
    assert done.code == 0, done.log
    assert done.report["fromSource"] == ["built==1.0"]


def test_a_direct_reference_has_a_hash_too(tmp_path: Path, python: Path, index: str, files: dict[str, Path]) -> None:
    url = f"{index[: -len('/simple')]}/files/{files['plain'].name}"
    done = run_install(tmp_path / "without", python, [f"plain @ {url}"], index)
    assert told(done) == [f"plain==1.0 --hash=sha256:{sha256(files['plain'])}"]
    done = run_install(tmp_path / "good", python, [f"plain @ {url} --hash=sha256:{sha256(files['plain'])}"], index)
    assert done.code == 0, done.log
    done = run_install(tmp_path / "bad", python, [f"plain @ {url} --hash=sha256:{WRONG}"], index)
    assert done.report["reason"] == "RequirementNotFound"


@pytest.mark.parametrize("name", ["plain", "built"])
def test_another_file_under_the_same_version_is_refused(
    tmp_path: Path, python: Path, index: str, files: dict[str, Path], name: str
) -> None:
    done = run_install(tmp_path, python, [f"{name}==1.0 --hash=sha256:{WRONG}"], index)
    assert (done.code, done.report["reason"]) == (1, "RequirementNotFound"), done.log
    said = done.report["message"]
    assert f"{name}==1.0 is at the index as another file than requirements name" in said
    assert f"it has sha256:{sha256(files[name])}, and the hash there is sha256:{WRONG}" in said
    assert "lock the bundle again" in said


def test_one_hash_asks_for_all(tmp_path: Path, python: Path, index: str, files: dict[str, Path]) -> None:
    entries = [f"needs-plain==1.0 --hash=sha256:{sha256(files['needs-plain'])}"]
    done = run_install(tmp_path, python, entries, index)
    assert (done.code, done.report["reason"]) == (1, "InstallFailed"), done.log
    said = done.report["message"]
    assert "plain==1.0, which came along for needs-plain, has no hash in requirements" in said
    assert "`modelbundle lock` writes the whole list" in said


def test_what_the_image_has_needs_no_hash(tmp_path: Path, index: str, files: dict[str, Path]) -> None:
    python = image_with(tmp_path / "image", "3.12", [files["plain"]])
    entries = ["plain", f"needs-plain==1.0 --hash=sha256:{sha256(files['needs-plain'])}"]
    done = run_install(tmp_path / "pod", python, entries, index)
    assert (done.code, done.report["count"]) == (0, 1), done.log


def test_a_lock_of_uv_says_a_wheel_or_what_is_built() -> None:
    of = f'hashes = {{ sha256 = "{"a" * 64}" }}'
    text = f"""
lock-version = "1.0"
[[packages]]
name = "Both_Kinds"
version = "1"
sdist = {{ url = "https://host/both-1.tar.gz", {of.replace("a", "b")} }}
wheels = [
    {{ url = "https://host/both-1.whl", {of} }},
]
[[packages]]
name = "sources"
sdist = {{ url = "https://host/sources-1.tar.gz", {of} }}
[[packages]]
name = "named"
archive = {{ url = "https://host/named-1.whl#sha256=00", {of} }}
[[packages]]
name = "archived"
archive = {{ url = "https://host/archived.zip" }}
[[packages]]
name = "odd"
"""
    assert read_lock(text) == {
        "both-kinds": File("a" * 64, False),
        "sources": File("a" * 64, True),
        "named": File("a" * 64, False),
        "archived": File("", True),
    }


def test_the_report_names_a_few_of_many(capsys: pytest.CaptureFixture[str]) -> None:
    told = tell_files("".join(f"{'p' * 200}{at}==1.0{FROM_SOURCE}\n" for at in range(40)).encode())
    assert [len(name) for name in told["fromSource"]] == [128] * 16
    assert tell_files(b"") == {}
