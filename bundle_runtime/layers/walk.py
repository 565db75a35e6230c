"""The members of a directory in an order that is the same everywhere: each directory before what is in it, and the
names of one directory by their bytes. What no tool of ours would put there (devices, pipes, sockets) is refused."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from bundle_runtime.layers.members import (
    DIRECTORY,
    FILE,
    LINK,
    MAX_MEMBERS,
    MAX_NAMES_BYTES,
    Bounds,
    LayerError,
    Member,
    shown,
)


def walk(root: Path, without: frozenset[bytes] = frozenset()) -> Iterator[Member]:
    """All members within the bounds; `without` are names at the root. LayerError says which is none, and why."""
    yield from _below(os.fsencode(root), b"", Bounds(), without)


def _below(root: bytes, path: bytes, bounds: Bounds, without: frozenset[bytes] = frozenset()) -> Iterator[Member]:
    try:
        names = _names(os.path.join(root, path), bounds)
    except OSError as error:
        raise LayerError(f"the directory {shown(path)} cannot be read: {error.strerror}") from error
    for name in names:
        if name in without:
            continue
        member = _member(root, os.path.join(path, name))
        bounds.take(member)
        yield member
        if member.kind == DIRECTORY:
            yield from _below(root, member.path, bounds)


def _names(directory: bytes, bounds: Bounds) -> list[bytes]:
    """Sorted; no more of them are read than may be there."""
    names, size = [], 0
    with os.scandir(directory) as entries:
        for entry in entries:
            names.append(entry.name)
            size += len(entry.name)
            if bounds.members + len(names) > MAX_MEMBERS or bounds.names + size > MAX_NAMES_BYTES:
                raise LayerError(f"it has more than {MAX_MEMBERS} files and directories, or names that are too long")
    names.sort()
    return names


def _member(root: bytes, path: bytes) -> Member:
    place = os.path.join(root, path)
    try:
        found = os.lstat(place)
        kind = stat.S_IFMT(found.st_mode)
        if kind == stat.S_IFREG:
            return Member(path, FILE, bool(found.st_mode & 0o100), found.st_size)
        if kind == stat.S_IFDIR:
            return Member(path, DIRECTORY)
        if kind == stat.S_IFLNK:
            return Member(path, LINK, target=os.readlink(place))
    except OSError as error:
        raise LayerError(f"{shown(path)} cannot be looked at: {error.strerror}") from error
    raise LayerError(f"{shown(path)} is neither a file, a directory nor a link")
