"""A zip's files, into a new directory, and nothing else: no way out of it, no links, no devices, no bomb.

The sha256 is proven before, so the archive is what the author made. It is still checked: whoever can create a
ModelBundle writes the sha256 too, and prepare's disk is the node's.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from bundle_runtime.prepare.store import CHUNK, need_room
from bundle_runtime.report import ARTIFACT_UNSAFE, RuntimeFailure, fail

MAX_ENTRIES = 100_000
MAX_BYTES = 256 << 30
MAX_RATIO = 200  # real models with long runs of zeros stay below it; deflate's limit is 1032
RATIO_FROM = 1 << 30  # below this size a bomb is no bomb


def unpack(archive: Path, target: Path) -> None:
    """Unpack all or nothing that is wrong; ArtifactUnsafe names the entry and the rule."""
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = opened.infolist()
            _check(entries, archive.stat().st_size)
            need_room(archive.parent, sum(entry.file_size for entry in entries), "the unpacked zip")
            target.mkdir(parents=True)
            for entry in entries:
                _write(opened, entry, target)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise _unsafe(f"it is no zip that can be read: {error}") from error


def _check(entries: list[zipfile.ZipInfo], packed: int) -> None:
    """Everything that can be known before the first byte is written."""
    if len(entries) > MAX_ENTRIES:
        raise _unsafe(f"it has {len(entries)} entries; {MAX_ENTRIES} are allowed")
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES or (total > RATIO_FROM and total > MAX_RATIO * packed):
        raise _unsafe(f"{packed} bytes unpack to {total}; allowed are {MAX_BYTES}, and a ratio of {MAX_RATIO}")
    seen: dict[str, bool] = {}
    for entry in entries:
        path = _path(entry)
        if str(path) in seen and not (entry.is_dir() and seen[str(path)]):
            raise _unsafe(f"it has {entry.filename!r} twice")
        seen[str(path)] = entry.is_dir()
    for name in seen:
        for parent in PurePosixPath(name).parents:
            if seen.get(str(parent), True) is False:
                raise _unsafe(f"{str(parent)!r} is a file and a directory in it")


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in entry.orig_filename or not path.parts:
        raise _unsafe(f"the entry {name!r} points outside of it")
    if any(len(part.encode()) > 255 for part in path.parts):
        raise _unsafe(f"the entry {name[:80]!r}... has a name that no file system takes")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR) > entry.is_dir():
        raise _unsafe(f"the entry {name!r} is no plain file or directory (links and devices are refused)")
    if entry.flag_bits & 0x1:
        raise _unsafe(f"the entry {name!r} is encrypted")
    return path


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    path = target / _path(entry)
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, path.open("xb") as file:  # zipfile stops at file_size and checks the CRC
        while block := source.read(CHUNK):
            file.write(block)
    path.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)


def _unsafe(what: str) -> RuntimeFailure:
    return fail(ARTIFACT_UNSAFE, f"the artifact was not unpacked: {what}. Pack it anew and make a new bundle of it.")
