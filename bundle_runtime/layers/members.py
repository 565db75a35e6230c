"""What may be in a layer, by the same rules where it is packed and where it is unpacked.

What install leaves is made by the user's image and by builds of anybody's source, and a packed file may have been made
by anybody: so kinds, paths, links and sizes have bounds, and whatever breaks one is a LayerError with words.
"""

from __future__ import annotations

import tarfile
from typing import NamedTuple

FILE, DIRECTORY, LINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE

MAX_MEMBERS = 300_000
MAX_NAMES_BYTES = 64 << 20  # of all paths together: names of a directory are held in memory while it is walked
MAX_BYTES = 48 << 30
MAX_RATIO = 200  # as of a zip (bundle_runtime/prepare/unpack.py): sparse files and bombs are beyond it
RATIO_CHECKED_FROM_BYTES = 1 << 30
MAX_PATH_BYTES = 3_500  # Linux takes 4,095 with what is above
MAX_NAME_BYTES = 255
MAX_DEPTH = 100


class LayerError(Exception):
    """It can be no layer, or none that is unpacked; the text says why."""


class Member(NamedTuple):
    """A file, directory or link below the root; `path` and `target` as the file system has them."""

    path: bytes
    kind: bytes
    executable: bool = False
    size: int = 0
    target: bytes = b""

    @property
    def mode(self) -> int:
        return 0o755 if self.executable or self.kind == DIRECTORY else 0o644


class Bounds:
    """Counts members; LayerError for the first that breaks a rule or goes beyond a bound."""

    def __init__(self) -> None:
        self.members = 0
        self.names = 0
        self.bytes = 0
        self.files = 0

    def take(self, member: Member) -> None:
        check_path(member.path)
        if member.kind == LINK:
            check_link(member)
        self.members += 1
        self.names += len(member.path)
        self.bytes += member.size
        self.files += member.kind == FILE
        if self.members > MAX_MEMBERS:
            raise LayerError(f"it has more than {MAX_MEMBERS} files and directories")
        if self.names > MAX_NAMES_BYTES:
            raise LayerError(f"its paths have more than {MAX_NAMES_BYTES} bytes together")
        if self.bytes > MAX_BYTES:
            raise LayerError(f"its files have more than {MAX_BYTES} bytes together")


def check_path(path: bytes) -> None:
    """It is below the root, and a file system takes it."""
    names = path.split(b"/")
    if any(name in (b"", b".", b"..") for name in names) or b"\0" in path:
        raise LayerError(f"{shown(path)} is not a path below it")
    if len(path) > MAX_PATH_BYTES or len(names) > MAX_DEPTH or any(len(name) > MAX_NAME_BYTES for name in names):
        raise LayerError(f"{shown(path)} is longer or deeper than a layer takes")


def check_link(link: Member) -> None:
    """It leads nowhere outside, whatever it leads over: up by no more than its directory is deep, and only then down.

    A directory that holds a link is itself no link, so what goes up goes up in the tree; a `..` behind a name could
    be taken from where another link leads.
    """
    names = link.target.split(b"/")
    up = next((at for at, name in enumerate(names) if name != b".."), len(names))
    inside = link.target and not link.target.startswith(b"/") and b"\0" not in link.target
    if not inside or up > link.path.count(b"/") or b".." in names[up:] or len(link.target) > MAX_PATH_BYTES:
        raise LayerError(f"the link {shown(link.path)} leads out of it, or may: to {shown(link.target)}")


def check_ratio(unpacked: int, packed: int) -> None:
    if unpacked > RATIO_CHECKED_FROM_BYTES and unpacked > MAX_RATIO * packed:
        raise LayerError(f"{packed} bytes unpack to {unpacked} or more; a ratio of {MAX_RATIO} is allowed")


def shown(path: bytes) -> str:
    text = repr(path.decode("utf-8", "backslashreplace"))
    return text if len(text) <= 120 else f"{text[:100]}...'"
