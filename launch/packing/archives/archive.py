"""Directories of the user become one zip: the same files give the same bytes, on any machine, at any time.

Names are sorted, times fixed, modes 644 or 755, and each file is written piece by piece. Files lie in the archive by
their path below their base path, so that `predict.my_load_predict_fn` is found. Where a dotted path begins with the
basename of a base path instead, and no module of that name is inside, all lie there by their path below its parent.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Dict, Iterable, List, Optional

from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.archives.files import files_below
from launch.packing.archives.modules import check_functions, checked_path, has_module
from launch.packing.foreseen import foreseen_of_files
from launch.stores.artifact import CHUNK, Packed, packed

TIME = (1980, 1, 1, 0, 0, 0)  # the zip format's first second
_BIG = 1 << 31


@dataclass(frozen=True)
class Archive:
    """The packed files, the functions' dotted paths in them, and what is to be said about them."""

    packed: Packed
    load_predict_fn: str
    load_model_fn: str
    warnings: List[str] = field(default_factory=list)


def archive_to(path: Path, base_paths: Sequence[str], load_predict_fn: str, load_model_fn: str) -> Archive:
    """Write the zip `path`; InvalidBundleError or WrongTypeError before that, when it could not be a bundle."""
    functions = {"load_predict_fn": load_predict_fn, "load_model_fn": load_model_fn}
    for argument, value in functions.items():
        checked_path(value, argument)
    bases = _bases(base_paths)
    warnings: List[str] = []
    found = {base: files_below(base, warnings) for base in bases}
    files = _merged(found, below_parent=_names_a_base(found, functions.values()))
    warnings.extend(check_functions(files, functions))
    warnings.extend(foreseen_of_files(files))
    return Archive(archive_of(path, files), load_predict_fn, load_model_fn, warnings)


def archive_of(path: Path, files: Dict[str, Path], python_version: Optional[str] = None) -> Packed:
    """Write the zip `path` of these files, by their names in it, in this order; it is removed where that fails."""
    try:
        _write(path, files)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return packed(path, "zip", python_version)


def _bases(base_paths: Sequence[str]) -> List[Path]:
    if isinstance(base_paths, (str, bytes)) or not isinstance(base_paths, Sequence):
        raise WrongTypeError(f"base_paths is a {type(base_paths).__name__}: give a list of directories")
    if not base_paths:
        raise InvalidBundleError("base_paths is empty: give the directories that hold the functions' modules")
    bases = []
    for given in base_paths:
        try:
            base = Path(os.path.abspath(given))  # noqa: PTH100 - a link as the base path keeps its name
        except TypeError:
            raise WrongTypeError(f"base_paths holds a {type(given).__name__}: give directories") from None
        if not base.exists():
            raise InvalidBundleError(f"the base path {given} does not exist (looked for {base})")
        if not base.is_dir():
            raise InvalidBundleError(f"the base path {given} is a file: give the directory that it is in")
        bases.append(base)
    return list(dict.fromkeys(bases))


def _names_a_base(found: Dict[Path, Dict[str, Path]], paths: Iterable[str]) -> bool:
    """Whether a dotted path begins with the basename of a base path, and means that."""
    for dotted in paths:
        first = dotted.partition(".")[0]
        if any(base.name == first for base in found) and not any(has_module(files, first) for files in found.values()):
            return True
    return False


def _merged(found: Dict[Path, Dict[str, Path]], below_parent: bool) -> Dict[str, Path]:
    """Every file under its name in the archive."""
    merged: Dict[str, Path] = {}
    for base, files in found.items():
        for relative, file in files.items():
            name = f"{base.name}/{relative}" if below_parent else relative
            other = merged.setdefault(name, file)
            if other != file and not _same(other, file):
                raise InvalidBundleError(
                    f"two base paths hold the file {name} with different content: {other} and {file}. Rename one, or "
                    "give their parent as the base path"
                )
    for name in merged:
        parent = name.rpartition("/")[0]
        while parent:
            if parent in merged:
                raise InvalidBundleError(f"{parent} is a file in one base path and a directory in another: rename one")
            parent = parent.rpartition("/")[0]
    return dict(sorted(merged.items()))


def _same(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while True:
            block = left.read(CHUNK)
            if block != right.read(CHUNK):
                return False
            if not block:
                return True


def _write(path: Path, files: Dict[str, Path]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            status = file.stat()
            entry = zipfile.ZipInfo(name, TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, also where it is written on another system
            mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
            entry.external_attr = (stat.S_IFREG | mode) << 16
            with file.open("rb") as source, archive.open(entry, "w", force_zip64=status.st_size >= _BIG) as target:
                shutil.copyfileobj(source, target, CHUNK)
