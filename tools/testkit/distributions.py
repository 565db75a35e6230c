"""Tiny distributions: a wheel, and a source that is built."""

import io
import tarfile
import zipfile
from pathlib import Path


def wheel(
    directory: Path,
    name: str,
    version: str,
    requires: tuple[str, ...] = (),
    origin: str = "index",
    *,
    compiled: bool = False,
) -> Path:
    """A wheel whose module says where it came from; a compiled one says that it is not pure Python."""
    stem = f"{name}-{version}"
    path = directory / f"{stem}-py3-none-any.whl"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {entry}" for entry in requires]
    metadata += [f"Provides-Extra: {entry.split(chr(39))[1]}" for entry in requires if "extra ==" in entry]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"origin = {origin!r}\nversion = {version!r}\n")
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join(metadata) + "\n\n")
        pure = "false" if compiled else "true"
        archive.writestr(f"{stem}.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return path


def sdist(directory: Path, name: str, version: str, backend: str, requires: tuple[str, ...] = ()) -> Path:
    """A source that is built by a module of its own, `backend`; it may use what `requires` names."""
    stem = f"{name}-{version}"
    project = f"[build-system]\nrequires = {list(requires)}\nbuild-backend = 'backend'\nbackend-path = ['.']\n"
    files = {"pyproject.toml": project, "backend.py": backend, "PKG-INFO": f"Name: {name}\nVersion: {version}\n"}
    path = directory / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            entry = tarfile.TarInfo(f"{stem}/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path
