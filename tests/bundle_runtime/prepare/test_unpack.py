"""A zip is unpacked whole or, when anything in it is unsafe, not at all."""

import gzip
import io
import pickle
import stat
import struct
import zipfile
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.prepare import unpack as module
from bundle_runtime.prepare.unpack import unpack
from tools.testkit.cost import units


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("placeholder")
    info.filename = name
    info.external_attr = mode << 16
    return info


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("predict.py", "def load(model): return print\n")
    return buffer.getvalue()


WHOLE = zipped()


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
        ([entry("..\\evil.py")], "backslash"),
        ([entry("data\\words.txt")], "has a backslash, as some programs write it for /"),
        ([entry("link", stat.S_IFLNK | 0o777)], "not a plain file"),
        ([entry("device", stat.S_IFCHR | 0o666)], "not a plain file"),
        ([entry("pipe", stat.S_IFIFO | 0o666)], "not a plain file"),
        ([entry("a.py"), entry("a.py")], "twice"),
        ([entry("a"), entry("a/b.py")], "a file and a directory"),
        ([entry("a/b.py"), entry("a")], "a file and a directory"),
        ([entry("x" * 300)], "no file system"),
        ([entry("d/" * 90 + "a.py"), entry("/".join(["d" * 200] * 20))], "no file system"),
        ([entry("d/" * 101 + "a.py")], "no file system"),
        ([entry("a\0b")], "."),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_unsafe_is_refused_by_name_and_nothing_is_written(tmp_path, entries, said):
    with pytest.raises(RuntimeFailure, match=said) as failure:
        unpack(archive_of(tmp_path, *entries), tmp_path / "out")
    assert failure.value.reason == "ArtifactUnsafe"
    assert not (tmp_path / "out").exists()
    assert not (tmp_path.parent / "evil.py").exists()


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_that_may_ask_for_any_memory_are_refused_by_name(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", method) as archive:
        archive.writestr("a.py", "x" * 1000)
    with pytest.raises(RuntimeFailure, match=r"'a\.py' is compressed by (bzip2|lzma); deflate and none are taken"):
        unpack(tmp_path / "bundle.zip", tmp_path / "out")


def flipped(content: bytes, random: Random) -> bytes:
    """A few bytes changed, often in the zip's own words, and now and then an end that is missing."""
    changed = bytearray(content)
    marks = [at for at in range(len(content) - 4) if content[at : at + 2] == b"PK"]
    for _ in range(random.choice([1, 1, 2, 8])):
        at = random.choice(marks) + random.randrange(46) if random.random() < 0.7 else random.randrange(len(content))
        changed[min(at, len(content) - 1)] = random.choice([0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)])
    return bytes(changed[: random.randrange(len(changed))] if random.random() < 0.05 else changed)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_any_byte_may_be_wrong(tmp_path, method):
    """A zip is unpacked or it is ArtifactUnsafe, whatever its bytes are."""
    whole = tmp_path / "whole.zip"
    with zipfile.ZipFile(whole, "w", method) as archive:
        for name, size in (("a.py", 3), ("d/b.bin", 3000), ("d/é.txt", 40), ("z" * 200, 0)):
            archive.writestr(name, Random(name).randbytes(size // 2) + b"x" * (size - size // 2))
    random, reasons = Random(int(method)), Counter[str]()
    for number in range(400):
        (tmp_path / "bundle.zip").write_bytes(flipped(whole.read_bytes(), random))
        try:
            unpack(tmp_path / "bundle.zip", tmp_path / f"out{number}")
            reasons["unpacked"] += 1
        except RuntimeFailure as failure:
            reasons[failure.reason] += 1
    assert reasons.keys() <= {"unpacked", "ArtifactUnsafe"}
    assert reasons["ArtifactUnsafe"] > 200
    assert (reasons["unpacked"] > 20) == (method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    assert sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("out")) == [
        "bundle.zip",
        "whole.zip",
    ]


def test_a_list_of_millions_of_entries_is_not_read(tmp_path):
    """Each of 46 bytes and a name: what zipfile makes of it is ten times as much."""
    one = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    for count, says in ((150_000, "it has 150000 entries; 100000 are allowed"), (2_000_000, "its list of files has")):
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 7, 7, len(one) * count, 0, 0)
        (tmp_path / "bundle.zip").write_bytes(one * count + end)

        def refused(says: str = says) -> None:
            with pytest.raises(RuntimeFailure, match=says):
                unpack(tmp_path / "bundle.zip", tmp_path / "out")

        assert units(refused) < 40


def test_directories_that_are_only_named_on_the_way_count(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MAX_ENTRIES", 300)
    names = ["/".join([f"d{number}"] * 90) + "/a.py" for number in range(5)]
    with pytest.raises(RuntimeFailure, match="300 are allowed"):
        unpack(archive_of(tmp_path, *map(entry, names)), tmp_path / "out")


@pytest.mark.parametrize("content", [b"", b"not a zip at all", b"PK\x03\x04 half of one"])
def test_what_is_not_a_zip_is_refused(tmp_path, content):
    (tmp_path / "bundle.zip").write_bytes(content)
    with pytest.raises(RuntimeFailure, match="not a zip"):
        unpack(tmp_path / "bundle.zip", tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it has 0 bytes"),
        (WHOLE[:-30], "its end is missing: it was cut off before its sha256 was taken"),
        (WHOLE[20:], "is the end of a zip without its beginning"),
        (pickle.dumps({"a": 1}), "is a pickle, of which artifact.packaging says cloudpickle"),
        (gzip.compress(WHOLE), "is a gzip file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"<!DOCTYPE html>", "is a page, such as a login"),
        (b"import numpy\n", "it begins with b'import numpy"),
        (bytes(257) + b"ustar" + bytes(250), "is a tar file"),
    ],
)
def test_what_is_there_in_place_of_a_zip_is_told(tmp_path, content, says):
    (tmp_path / "bundle.zip").write_bytes(content)
    with pytest.raises(RuntimeFailure) as failure:
        unpack(tmp_path / "bundle.zip", tmp_path / "out")
    assert says in failure.value.message
    assert failure.value.message.endswith(". Pack it again and make a new bundle of it.")


def test_a_damaged_entry_is_refused(tmp_path):
    archive = archive_of(tmp_path, entry("a.py"))
    archive.write_bytes(archive.read_bytes().replace(b"content", b"CONTENT"))
    with pytest.raises(RuntimeFailure, match="CRC"):
        unpack(archive, tmp_path / "out")


def test_bombs_are_refused_by_what_they_declare(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "RATIO_CHECKED_FROM_BYTES", 1000)
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
