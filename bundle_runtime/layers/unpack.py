"""A packed layer's members into a new directory, and nothing else: what layers/pack.py writes, and no other tar.

Python's tarfile reads whatever a header says a long name is into memory, and knows many kinds of members. This takes
three kinds and bounded names. A member's directory must be the one that was made last or one above it, as in a walk:
so nothing is ever written through a link, and only one path is kept in memory.
"""

from __future__ import annotations

import errno
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import zstandard

from bundle_runtime.artifacts.retry import CHUNK_BYTES
from bundle_runtime.layers.members import (
    DIRECTORY,
    FILE,
    LINK,
    MAX_PATH_BYTES,
    Bounds,
    LayerError,
    Member,
    check_ratio,
    shown,
)

MAX_WINDOW_BYTES = 8 << 20  # of the decoder's memory; what pack.py writes takes 2 MiB
_LONG = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "target"}
# of the operating system, for a name that only the layer can have caused
_ITS_FAULT = (errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP)


def unpack(packed: Path, target: Path, heed: Callable[[int], None] = lambda _: None) -> None:
    """Make the directory and all that is in it; LayerError says what was refused, an OSError is of the disk.

    `heed` is called with the bytes that will be written so far, before they are: what it raises ends it.
    """
    size, bounds = packed.stat().st_size, Bounds()
    os.mkdir(target, 0o755)
    root, here = os.fsencode(target), b""
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
    try:
        with packed.open("rb") as raw, decompressor.stream_reader(raw, read_size=CHUNK_BYTES) as stream:
            for member in _members(stream):
                bounds.take(member)
                check_ratio(bounds.bytes, size)
                heed(bounds.bytes)
                here = _directory(member, here)
                _make(stream, root, member)
            if stream.read(1):  # which also reads the checksum of the whole
                raise LayerError("there is more behind its end")
    except zstandard.ZstdError as error:
        raise LayerError(f"it is not what zstd writes: {str(error)[:200]}") from error
    except OSError as error:
        if error.errno in _ITS_FAULT:
            raise LayerError(f"the file system refused a path of it: {error.strerror}") from error
        raise


def _members(stream: IO[bytes]) -> Iterator[Member]:
    """Whoever takes a file reads its content from the stream before the next."""
    given: dict[str, bytes] = {}
    while block := _block(stream):
        if not block.strip(tarfile.NUL):
            break
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise LayerError(f"a header in it cannot be read: {error}") from error
        if (part := _LONG.get(info.type)) is not None:
            if part in given:  # else names without end would be read, which no bound of members counts
                raise LayerError(f"two names are in it for one {part}")
            given[part] = _long_name(stream, info.size)
            continue
        if info.type not in (FILE, DIRECTORY, LINK) or info.size < 0 or (info.size and info.type != FILE):
            raise LayerError(f"a member of the kind {info.type!r} is in it: files, directories and links are taken")
        path = given.get("path", info.name.encode("utf-8", "surrogateescape"))
        target = given.get("target", info.linkname.encode("utf-8", "surrogateescape"))
        yield Member(path.rstrip(b"/") or path, info.type, bool(info.mode & 0o100), info.size, target)
        given = {}
    else:
        raise LayerError("it ends before its end")
    if _exactly(stream, tarfile.BLOCKSIZE).strip(tarfile.NUL):
        raise LayerError("there is more behind its end")


def _directory(member: Member, here: bytes) -> bytes:
    """The directory that was made last, once the member is; LayerError when the member's is none of those above."""
    above = member.path.rpartition(b"/")[0]
    if above and above != here and not here.startswith(above + b"/"):
        raise LayerError(f"{shown(member.path)} is in no directory that was made before")
    return member.path if member.kind == DIRECTORY else above


def _make(stream: IO[bytes], root: bytes, member: Member) -> None:
    """Each call fails where something of that name is there."""
    place = os.path.join(root, member.path)
    if member.kind == DIRECTORY:
        os.mkdir(place, 0o755)
    elif member.kind == LINK:
        os.symlink(member.target, place)
    else:
        descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, member.mode)
        with open(descriptor, "wb") as file:
            left = member.size
            while left:
                block = stream.read(min(CHUNK_BYTES, left))
                if not block:
                    raise LayerError("it ends within a file")
                file.write(block)
                left -= len(block)
        _exactly(stream, -member.size % tarfile.BLOCKSIZE)


def _long_name(stream: IO[bytes], size: int) -> bytes:
    if not 0 < size <= MAX_PATH_BYTES + 1:
        raise LayerError(f"a name of {size} bytes is in it")
    content = _exactly(stream, size + -size % tarfile.BLOCKSIZE)
    return content[:size].rstrip(tarfile.NUL)


def _block(stream: IO[bytes]) -> bytes:
    """The next header; empty where the stream has ended."""
    first = stream.read(tarfile.BLOCKSIZE)
    return first and first + _exactly(stream, tarfile.BLOCKSIZE - len(first))


def _exactly(stream: IO[bytes], size: int) -> bytes:
    content = b""
    while len(content) < size:
        block = stream.read(size - len(content))
        if not block:
            raise LayerError("it ends before its end")
        content += block
    return content
