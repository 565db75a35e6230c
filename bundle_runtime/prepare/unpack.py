"""A zip's files, into a new directory, and nothing else: no way out of it, no links, no devices, no bomb.

The sha256 is proven before, so the archive is what the author made. It is still checked: any user who can
create a ModelBundle writes the sha256 too, and prepare's disk is the node's. Whatever is wrong with the archive is
ArtifactUnsafe, which no retry helps; what is wrong with the disk is not.

Stored and deflated only: an LZMA entry may ask for a dictionary of 4 GiB before its first byte.
"""

from __future__ import annotations

import errno
import io
import stat
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from bundle_runtime.artifacts.retry import CHUNK_BYTES, need_room
from bundle_runtime.contract.report import ARTIFACT_UNSAFE, RuntimeFailure, fail

MAX_ENTRIES = 100_000  # directories that are only named on the way to a file count too
MAX_DIRECTORY_BYTES = 32 << 20  # of the zip's own list of its files, which is read as a whole
MAX_BYTES = 256 << 30
MAX_RATIO = 200  # real models with long runs of zeros stay below it; deflate's limit is 1032
RATIO_CHECKED_FROM_BYTES = 1 << 30  # below it whatever unpacks to little is harmless
MAX_PATH_BYTES = 3_500  # Linux takes 4,095 with what is above
MAX_DEPTH = 100  # directories within directories

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY, _END = b"PK\x01\x02", b"PK\x05\x06"
_END_BYTES = 66_000  # in which the end is, whatever comment the zip has
# what people take for one
_KINDS = {
    b"\x80": "a pickle, of which artifact.packaging says cloudpickle",
    b"\x1f\x8b": "a gzip file",
    b"version https://git-lfs": "a pointer of Git LFS: fetch the file itself (`git lfs pull`)",
    b"<": "a page, such as a login that was saved in the file's place",
    b"\x89HDF": "an HDF5 file of weights: zip it with a module that loads it",
}
# what zipfile and zlib raise for one broken byte or another
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, NotImplementedError, EOFError, RuntimeError,
    ValueError, OverflowError, LookupError, MemoryError,
)  # fmt: skip
# of the operating system, for a name or an offset that only the archive can have caused
_ITS_FAULT = (None, errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


def unpack(archive: Path, target: Path) -> None:
    """Unpack all or nothing that is wrong; ArtifactUnsafe names the entry and the rule."""
    try:
        with _File(archive) as file, zipfile.ZipFile(file) as opened:
            entries = opened.infolist()
            _check(entries, archive.stat().st_size)
            need_room(archive.parent, sum(entry.file_size for entry in entries), "the unpacked zip")
            target.mkdir(parents=True)
            for entry in entries:
                _write(opened, entry, target)
    except _BROKEN as error:
        raise _unreadable(error, archive) from error
    except OSError as error:
        if error.errno in _ITS_FAULT:
            raise _unreadable(error, archive) from error
        raise


class _File(io.FileIO):
    """The archive, whose list of files is not read when it is longer than any that is allowed."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY_BYTES:  # contents are read in chunks
            raise _unsafe(f"its list of files has {size} bytes; {MAX_DIRECTORY_BYTES} are allowed")
        data = super().read(-1 if size is None else size) or b""
        if len(data) > 4 * CHUNK_BYTES and (count := data.count(_ENTRY)) > MAX_ENTRIES:
            raise _too_many(count)
        return data


def _check(entries: list[zipfile.ZipInfo], packed: int) -> None:
    """Everything that can be known before the first byte is written."""
    if len(entries) > MAX_ENTRIES:
        raise _too_many(len(entries))
    total = sum(entry.file_size for entry in entries)
    if total > MAX_BYTES or (total > RATIO_CHECKED_FROM_BYTES and total > MAX_RATIO * packed):
        raise _unsafe(f"{packed} bytes unpack to {total}; allowed are {MAX_BYTES}, and a ratio of {MAX_RATIO}")
    seen: dict[str, bool] = {}
    for entry in entries:
        path = _path(entry)
        if str(path) in seen and not (entry.is_dir() and seen[str(path)]):
            raise _unsafe(f"it has {_shown(entry.filename)} twice")
        seen[str(path)] = entry.is_dir()
    above: set[str] = set()
    for name in seen:
        for parent in map(str, PurePosixPath(name).parents):
            if parent in above:
                break
            if seen.get(parent, True) is False:
                raise _unsafe(f"{_shown(parent)} is a file and a directory in it")
            above.add(parent)
        if len(above) > MAX_ENTRIES:
            raise _too_many(len(above))


def _path(entry: zipfile.ZipInfo) -> PurePosixPath:
    name = entry.filename
    if len(name.encode("utf-8", "backslashreplace")) > MAX_PATH_BYTES or name.count("/") > MAX_DEPTH:
        raise _unsafe(f"the entry {_shown(name)} has a path that no file system takes")
    path = PurePosixPath(name)
    if "\\" in name:
        raise _unsafe(f"the entry {_shown(name)} has a backslash, as some programs write it for /")
    if path.is_absolute() or ".." in path.parts or "\0" in entry.orig_filename or not path.parts:
        raise _unsafe(f"the entry {_shown(name)} points outside of it")
    if any(len(part.encode()) > 255 for part in path.parts):
        raise _unsafe(f"the entry {_shown(name)} has a name that no file system takes")
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (kind == stat.S_IFDIR) > entry.is_dir():
        raise _unsafe(f"the entry {_shown(name)} is not a plain file or directory (links and devices are refused)")
    if entry.flag_bits & 0x1:
        raise _unsafe(f"the entry {_shown(name)} is encrypted")
    if entry.compress_type not in _METHODS:
        method = zipfile.compressor_names.get(entry.compress_type, f"method {entry.compress_type}")  # type: ignore[attr-defined]
        raise _unsafe(f"the entry {_shown(name)} is compressed by {method}; deflate and none are taken")
    return path


def _write(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    path = target / _path(entry)
    if entry.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry) as source, path.open("xb") as file:  # zipfile stops at file_size and checks the CRC
        while block := source.read(CHUNK_BYTES):
            file.write(block)
    path.chmod(0o755 if entry.external_attr >> 16 & 0o111 else 0o644)


def _shown(name: str) -> str:
    return repr(name) if len(name) <= 100 else f"{name[:80]!r}..."


def _too_many(count: int) -> RuntimeFailure:
    return _unsafe(f"it has {count} entries; {MAX_ENTRIES} are allowed")


def _unreadable(error: BaseException, archive: Path) -> RuntimeFailure:
    words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    words = words[:300] or type(error).__name__
    return _unsafe(f"it is not a zip that can be read: {words}{_looks_like(archive)}")


def _looks_like(archive: Path) -> str:
    """What it is in place of a whole zip, by its first bytes and its last ones."""
    with archive.open("rb") as file:
        head = file.read(512)
        file.seek(max(0, archive.stat().st_size - _END_BYTES))
        whole = _END in file.read()
    if not head:
        return "; it has 0 bytes"
    if head.startswith(b"PK\x03\x04"):
        return (
            "" if whole else "; it begins as a zip, and its end is missing: it was cut off before its sha256 was taken"
        )
    kind = next((kind for beginning, kind in _KINDS.items() if head.startswith(beginning)), "")
    kind = kind or (
        "a tar file" if head[257:262] == b"ustar" else "the end of a zip without its beginning" if whole else ""
    )
    return f"; it begins with {head[:16]!r}" + (f" and is {kind}" if kind else "")


def _unsafe(what: str) -> RuntimeFailure:
    return fail(ARTIFACT_UNSAFE, f"the artifact was not unpacked: {what}. Pack it again and make a new bundle of it.")
