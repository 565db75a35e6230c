"""A directory as one file: tar within zstd, written and hashed as it is read, in bounded memory.

The digest names what was installed, on every cluster: paths, kinds, whether a file is executable, and contents. Times,
owners and bytecode are not in it: bytecode is made from the rest, and is not the same byte for byte each time. Nor is
what a layer says of the archives that it was installed from: two with other times within have the same files. The
sha256 is of the packed file, bytecode included, and is what whoever unpacks it verifies.
"""

from __future__ import annotations

import hashlib
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from bundle_runtime.artifacts.retry import CHUNK_BYTES, disk_full, need_room
from bundle_runtime.contract.layer import FILES, MARK
from bundle_runtime.layers.members import FILE, LINK, LayerError, Member, check_ratio, shown
from bundle_runtime.layers.walk import walk

LEVEL = 3
MOST_THREADS = 4
ROOM_CHECKED_EVERY_BYTES = 64 << 20
# of one bundle and one run, not of what is installed: install's mark, and the file by which uv locks a directory
_LEFT_OUT = frozenset({MARK.encode(), b".lock"})


@dataclass(frozen=True)
class Packed:
    """`digest` as `sha256:` and hex, of the content; `sha256` in hex and `bytes`, of the packed file."""

    digest: str
    sha256: str
    bytes: int
    files: int


def pack(tree: Path, target: Path) -> Packed:
    """Write the file; a LayerError says what in the tree cannot be packed, a RuntimeFailure that there is no room."""
    content, files, size = hashlib.sha256(), 0, 0
    with target.open("wb") as raw:
        file = _HashedFile(raw, target.parent)
        compressor = zstandard.ZstdCompressor(level=LEVEL, threads=_threads(), write_checksum=True)
        with compressor.stream_writer(file, write_size=CHUNK_BYTES, closefd=False) as packed:  # type: ignore[arg-type]
            for member in walk(tree, _LEFT_OUT):
                sha256 = _write(packed, tree, member)
                files += member.kind == FILE
                size += member.size
                if member.path != FILES.encode() and not _is_bytecode(member.path):
                    parts = (member.path, member.kind, f"{member.mode:o}".encode(), member.target, sha256)
                    content.update(b"\0".join(parts) + b"\0")
            packed.write(tarfile.NUL * (2 * tarfile.BLOCKSIZE))
    check_ratio(size, file.bytes)
    return Packed(f"sha256:{content.hexdigest()}", file.sha256.hexdigest(), file.bytes, files)


def _write(packed: IO[bytes], tree: Path, member: Member) -> bytes:
    """One member; the sha256 of a file's content in hex, which holds no zero byte."""
    info = tarfile.TarInfo(member.path.decode("utf-8", "surrogateescape"))
    info.type, info.mode, info.size = member.kind, member.mode, member.size
    if member.kind == LINK:
        info.linkname = member.target.decode("utf-8", "surrogateescape")
    packed.write(info.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
    if member.kind != FILE:
        return b""
    sha256, left = hashlib.sha256(), member.size
    try:
        descriptor = os.open(os.path.join(os.fsencode(tree), member.path), os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, "rb", buffering=0) as file:
            while block := file.read(min(CHUNK_BYTES, left)):
                sha256.update(block)
                packed.write(block)
                left -= len(block)
    except OSError as error:
        raise LayerError(f"{shown(member.path)} cannot be read: {error.strerror}") from error
    if left:
        raise LayerError(f"{shown(member.path)} became shorter while it was read")
    packed.write(tarfile.NUL * (-member.size % tarfile.BLOCKSIZE))
    return sha256.hexdigest().encode()


class _HashedFile:
    """What is written, hashed and counted; it stops before the node's disk is full."""

    def __init__(self, file: IO[bytes], directory: Path) -> None:
        self.file, self.directory = file, directory
        self.sha256 = hashlib.sha256()
        self.bytes = 0
        self._looked_at = -1

    def write(self, data: bytes) -> int:
        if self.bytes // ROOM_CHECKED_EVERY_BYTES != self._looked_at:
            self._looked_at = self.bytes // ROOM_CHECKED_EVERY_BYTES
            need_room(self.directory, ROOM_CHECKED_EVERY_BYTES, "a packed layer")
        self.sha256.update(data)
        self.bytes += len(data)
        try:
            return self.file.write(data)
        except OSError as error:
            raise disk_full(self.directory, error) from error


def _is_bytecode(path: bytes) -> bool:
    return path.endswith(b".pyc") or b"__pycache__" in path.split(b"/")


def _threads() -> int:
    return min(MOST_THREADS, len(os.sched_getaffinity(0)))
