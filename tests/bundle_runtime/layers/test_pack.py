"""The same installation has the same digest wherever and whenever it was made, and comes out of its file as it was."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from bundle_runtime.artifacts import retry
from bundle_runtime.contract.report import RuntimeFailure
from bundle_runtime.layers.members import LayerError
from bundle_runtime.layers.pack import Packed, pack
from bundle_runtime.layers.unpack import unpack

ODD = (b"line\nbreak", b"\xff\xfe not UTF-8", b"quo'te \"", b"-", b"a" * 255, "ü".encode())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name in ("package/module.py", "package-1.dist-info/RECORD", "a-b/x", "a/b/x", "installed.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"content of {name}\n" * 100)
    (root / "bin").mkdir()
    (root / "bin/tool").write_text("#!/opt/python\n")
    (root / "bin/tool").chmod(0o755)
    (root / "empty").mkdir()
    (root / "none").touch()
    (root / "package/link.py").symlink_to("module.py")
    (root / "a/up").symlink_to("../package")
    os.link(root / "installed.txt", root / "hard")
    deep = root / "/".join(["d" * 40] * 60)
    deep.mkdir(parents=True)
    (deep / "file").write_text("deep")
    for odd in ODD:
        Path(os.fsdecode(os.fsencode(root) + b"/" + odd)).write_bytes(odd)
    return root


def packed(tree: Path, tmp_path: Path, name: str = "packed") -> tuple[Packed, Path]:
    file = tmp_path / name
    return pack(tree, file), file


def seen(root: Path) -> dict[str, tuple[int, object]]:
    """Each path with its mode and what it holds."""
    found: dict[str, tuple[int, object]] = {}
    for path in sorted(root.rglob("*")):
        what: object = str(path.readlink()) if path.is_symlink() else None if path.is_dir() else path.read_bytes()
        found[str(path.relative_to(root))] = (path.lstat().st_mode, what)
    return found


def test_what_is_unpacked_is_what_was_packed(tree: Path, tmp_path: Path) -> None:
    _, file = packed(tree, tmp_path)
    unpack(file, tmp_path / "out")
    assert seen(tmp_path / "out") == seen(tree)


def test_the_file_is_what_its_sha256_and_size_say(tree: Path, tmp_path: Path) -> None:
    made, file = packed(tree, tmp_path)
    content = file.read_bytes()
    assert (made.sha256, made.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert made.files == sum(path.is_file() and not path.is_symlink() for path in tree.rglob("*"))


def test_any_tar_reads_it(tree: Path, tmp_path: Path) -> None:
    """So that whoever looks into a store needs nothing of ours."""
    _, file = packed(tree, tmp_path)
    with (
        file.open("rb") as raw,
        zstandard.ZstdDecompressor().stream_reader(raw) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        archive.extractall(tmp_path / "out", filter="data")
    assert {name: what for name, (_, what) in seen(tmp_path / "out").items()} == {
        name: what for name, (_, what) in seen(tree).items()
    }


def other_times(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (random.random() * 1e9, random.random() * 1e9), follow_symlinks=False)


def other_order(root: Path) -> None:
    """A directory that lists its entries in another order."""
    for directory in [root, *(path for path in root.rglob("*") if path.is_dir() and not path.is_symlink())]:
        entries = sorted(directory.iterdir(), reverse=True)
        for entry in entries:
            entry.rename(directory / f"x{len(entry.name)}.moved")
            (directory / f"x{len(entry.name)}.moved").rename(entry)


def other_modes(root: Path) -> None:
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o4777 if path.is_dir() or path.stat().st_mode & 0o100 else 0o640)


def bytecode(root: Path) -> None:
    (root / "package/__pycache__").mkdir()
    (root / "package/__pycache__/module.cpython-312.pyc").write_bytes(os.urandom(100))
    (root / "lone.pyc").write_bytes(os.urandom(100))


def marks_of_one_run(root: Path) -> None:
    (root / ".modelbundle").write_text("sha256:1 3.12")
    (root / ".lock").touch()


@pytest.mark.parametrize("change", [other_times, other_order, other_modes, bytecode, marks_of_one_run])
def test_a_copy_has_the_same_digest(tree: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    before, _ = packed(tree, tmp_path)
    shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    change(tmp_path / "copy")
    after, _ = packed(tmp_path / "copy", tmp_path, "again")
    assert after.digest == before.digest


def content(root: Path) -> None:
    (root / "package/module.py").write_text("other")


def name(root: Path) -> None:
    (root / "package/module.py").rename(root / "package/other.py")


def executable(root: Path) -> None:
    (root / "package/module.py").chmod(0o755)


def link(root: Path) -> None:
    (root / "package/link.py").unlink()
    (root / "package/link.py").symlink_to("../installed.txt")


def link_to_file(root: Path) -> None:
    (root / "package/link.py").unlink()
    (root / "package/link.py").write_text("module.py")


def directory(root: Path) -> None:
    (root / "empty").rmdir()


def moved_end(root: Path) -> None:
    """What is the end of one file, and the beginning of the next, is in neither's favour."""
    (root / "a-b/x").write_text("content of a-b/x\n" * 99)
    (root / "a/b/x").write_text("content of a-b/x\n" + "content of a/b/x\n" * 100)


@pytest.mark.parametrize("change", [content, name, executable, link, link_to_file, directory, moved_end])
def test_another_installation_has_another_digest(tree: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    before, _ = packed(tree, tmp_path)
    change(tree)
    after, _ = packed(tree, tmp_path, "again")
    assert after.digest != before.digest


def test_bytecode_is_packed_and_verified(tree: Path, tmp_path: Path) -> None:
    before, _ = packed(tree, tmp_path)
    bytecode(tree)
    after, file = packed(tree, tmp_path, "again")
    assert after.sha256 != before.sha256
    unpack(file, tmp_path / "out")
    assert (tmp_path / "out/lone.pyc").read_bytes() == (tree / "lone.pyc").read_bytes()


def test_the_marks_of_one_run_stay_behind(tree: Path, tmp_path: Path) -> None:
    marks_of_one_run(tree)
    (tree / "package/.lock").write_text("somebody's own")
    _, file = packed(tree, tmp_path)
    unpack(file, tmp_path / "out")
    assert not (tmp_path / "out/.modelbundle").exists()
    assert not (tmp_path / "out/.lock").exists()
    assert (tmp_path / "out/package/.lock").exists()


def test_a_full_disk_is_said_as_such(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "DISK_RESERVE_BYTES", 1 << 62)
    with pytest.raises(RuntimeFailure, match="StoreUnreachable: no room for a packed layer"):
        packed(tree, tmp_path)


def test_a_file_that_cannot_be_read_is_named(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root, as which tests may run, reads every file."""

    def refused(path: bytes, _: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(LayerError, match=r"'-' cannot be read: Permission denied"):
        packed(tree, tmp_path)
