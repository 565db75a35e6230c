"""A zip is unpacked whole or, when anything in it is unsafe, not at all."""

import stat
import zipfile
from pathlib import Path

import pytest

from bundle_runtime.prepare import unpack as module
from bundle_runtime.prepare.unpack import unpack
from bundle_runtime.report import RuntimeFailure


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    info.external_attr = mode << 16
    return info


def archive_of(path: Path, *entries: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path / "bundle.zip", "w") as archive:
        for info in entries:
            archive.writestr(info, b"" if info.is_dir() else b"content")
    return path / "bundle.zip"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([entry("../evil.py")], "points outside"),
        ([entry("a/../../evil.py")], "points outside"),
        ([entry("/etc/evil.py")], "points outside"),
        ([entry("..\\evil.py")], "points outside"),
        ([entry("link", stat.S_IFLNK | 0o777)], "no plain file"),
        ([entry("device", stat.S_IFCHR | 0o666)], "no plain file"),
        ([entry("pipe", stat.S_IFIFO | 0o666)], "no plain file"),
        ([entry("a.py"), entry("a.py")], "twice"),
        ([entry("a"), entry("a/b.py")], "a file and a directory"),
        ([entry("a/b.py"), entry("a")], "a file and a directory"),
        ([entry("x" * 300)], "no file system"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_unsafe_is_refused_by_name_and_nothing_is_written(tmp_path, entries, said):
    with pytest.raises(RuntimeFailure, match=said) as failure:
        unpack(archive_of(tmp_path, *entries), tmp_path / "out")
    assert failure.value.reason == "ArtifactUnsafe"
    assert not (tmp_path / "out").exists()
    assert not (tmp_path.parent / "evil.py").exists()


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 half of one"])
def test_what_is_no_zip_is_refused(tmp_path, content):
    (tmp_path / "bundle.zip").write_bytes(content)
    with pytest.raises(RuntimeFailure, match="no zip"):
        unpack(tmp_path / "bundle.zip", tmp_path / "out")


def test_a_damaged_entry_is_refused(tmp_path):
    archive = archive_of(tmp_path, entry("a.py"))
    archive.write_bytes(archive.read_bytes().replace(b"content", b"CONTENT"))
    with pytest.raises(RuntimeFailure, match="CRC"):
        unpack(archive, tmp_path / "out")


def test_bombs_are_refused_by_what_they_declare(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RATIO_FROM", 1000)
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(1 << 20))
    with pytest.raises(RuntimeFailure, match="ratio"):
        unpack(tmp_path / "bundle.zip", tmp_path / "out")


def test_too_many_entries_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    with pytest.raises(RuntimeFailure, match="3 entries"):
        unpack(archive_of(tmp_path, entry("a"), entry("b"), entry("c")), tmp_path / "out")


def test_more_than_the_disk_holds_is_refused_before_it_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("usage", (), {"free": 64 << 20})())
    with pytest.raises(RuntimeFailure, match="no room"):
        unpack(archive_of(tmp_path, entry("a.py")), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_directories_and_the_executable_bit_survive(tmp_path):
    archive = archive_of(
        tmp_path, entry("d/", stat.S_IFDIR | 0o755), entry("d/run", stat.S_IFREG | 0o755), entry("d/data", 0o100600)
    )
    unpack(archive, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out/d/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "out/d/data").stat().st_mode) == 0o644


def test_an_archive_that_another_tool_wrote_without_modes_is_fine(tmp_path):
    unpack(archive_of(tmp_path, entry("a.py", 0), entry("d/", 0)), tmp_path / "out")
    assert (tmp_path / "out/a.py").read_bytes() == b"content"
