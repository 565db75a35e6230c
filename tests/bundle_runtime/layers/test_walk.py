"""What install leaves is made by anybody: what is no layer is found, named, and costs little."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from bundle_runtime.layers import members
from bundle_runtime.layers import walk as walk_module
from bundle_runtime.layers.members import LayerError
from bundle_runtime.layers.walk import walk


def linked(target: str, at: str = "a/link") -> Callable[[Path], None]:
    def make(root: Path) -> None:
        (root / at).parent.mkdir(parents=True, exist_ok=True)
        (root / at).symlink_to(target)

    return make


def pipe(root: Path) -> None:
    os.mkfifo(root / "pipe")


def listening(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as sock:
        here = Path.cwd()
        os.chdir(root)
        sock.bind("socket")
        os.chdir(here)


def sparse(root: Path) -> None:
    with (root / "sparse").open("wb") as file:
        file.truncate(1 << 40)


def deep(root: Path) -> None:
    (root / "/".join(["d"] * 101)).mkdir(parents=True)


def deeper_than_any_path(root: Path) -> None:
    """A path that no call takes as a whole, made step by step."""
    at = os.open(root, os.O_RDONLY)
    for _ in range(40):
        os.mkdir("d" * 200, dir_fd=at)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (linked("/etc/passwd"), "the link 'a/link' leads out of it, or may: to '/etc/passwd'"),
        (linked("../../outside"), "leads out of it"),
        (linked(".."), None),
        (linked("../b/./c"), None),
        (linked("b/../../../etc"), "leads out of it"),
        (linked("b/.."), "leads out of it, or may"),
        (linked("nowhere"), None),
        (linked("..", "top"), "leads out of it"),
        (pipe, "'pipe' is neither a file, a directory nor a link"),
        (listening, "'socket' is neither"),
        (sparse, "its files have more than 51539607552 bytes together"),
        (deep, "is longer or deeper than a layer takes"),
        (deeper_than_any_path, "is longer or deeper than a layer takes"),
    ],
)  # fmt: skip
def test_what_is_no_layer(tmp_path: Path, make: Callable[[Path], None], says: str | None) -> None:
    make(tmp_path)
    if says is None:
        assert list(walk(tmp_path))
        return
    with pytest.raises(LayerError) as error:
        list(walk(tmp_path))
    assert says in str(error.value)


def test_a_device_is_refused(tmp_path: Path) -> None:
    try:
        os.mknod(tmp_path / "null", 0o20666, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("this user may make no device")
    with pytest.raises(LayerError, match="'null' is neither"):
        list(walk(tmp_path))


def test_a_directory_is_not_read_further_than_its_names_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for a million files in one directory, of which no list is made."""
    for at in range(300):
        (tmp_path / str(at)).touch()
    monkeypatch.setattr(walk_module, "MAX_MEMBERS", 200)
    listed = 0
    scandir = os.scandir

    class Counted:
        def __init__(self, path: bytes) -> None:
            self.entries = scandir(path)

        def __enter__(self) -> Counted:
            return self

        def __exit__(self, *_: object) -> None:
            self.entries.close()

        def __iter__(self) -> Counted:
            return self

        def __next__(self) -> os.DirEntry[bytes]:
            nonlocal listed
            listed += 1
            return next(self.entries)

    monkeypatch.setattr(os, "scandir", Counted)
    with pytest.raises(LayerError, match="more than 200 files and directories"):
        list(walk(tmp_path))
    assert listed == 201


@pytest.mark.parametrize(
    ("bound", "value", "says"),
    [
        ("MAX_MEMBERS", 10, "more than 10 files and directories"),
        ("MAX_NAMES_BYTES", 20, "its paths have more than 20 bytes together"),
        ("MAX_BYTES", 10, "its files have more than 10 bytes together"),
    ],
)
def test_bounds_are_of_all_directories_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, value: int, says: str
) -> None:
    for at in range(20):
        (tmp_path / str(at)).mkdir()
        (tmp_path / str(at) / "f").write_text("x")
    monkeypatch.setattr(members, bound, value)
    with pytest.raises(LayerError, match=says):
        list(walk(tmp_path))
