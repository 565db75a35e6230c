"""Which files of a directory belong into its archive: not what tools leave behind, no secrets, not what is ignored.

A link to a file is followed where that lies below the base path too, or among the blobs of a Hugging Face cache that
the base path is a snapshot of: what nobody has named is not packed.

.bundleignore lies at the root of a base path and has the syntax of .gitignore; its !pattern packs a secret on purpose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple

from launch.errors import InvalidBundleError
from launch.packing.archives import secrets

IGNORE_FILE = ".bundleignore"
LEFT_OUT = {
    ".git", ".venv", "__pycache__", ".DS_Store", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    IGNORE_FILE,
}  # fmt: skip
_BYTECODE = (".pyc", ".pyo")
_MOST_NAMED = 5


class _Ignoring(NamedTuple):
    """What the ignore file says of a path below the base path; a directory's ends with a slash."""

    ignored: Callable[[str], bool]
    meant: Callable[[str], bool]  # a line asks for it


def files_below(base: Path, warnings: List[str]) -> Dict[str, Path]:
    """From the path below `base`, with slashes, to the file; InvalidBundleError where none is left.

    What is neither file nor directory (links to elsewhere or to directories, sockets) is left out, and what holds
    secrets; each is said in `warnings` once, as is what may hold some.
    """
    said = _read_ignore_file(base)
    files: Dict[str, Path] = {}
    links: List[str] = []
    left_out: List[str] = []
    doubtful: List[str] = []
    directories = [""]
    while directories:
        directory = directories.pop()
        for entry in _entries(base / directory):
            relative = f"{directory}{entry.name}"
            if entry.name in LEFT_OUT or entry.name.endswith(_BYTECODE):
                continue
            is_directory = entry.is_dir(follow_symlinks=False)
            place = f"{relative}/" if is_directory else relative
            if said.ignored(place):
                continue
            if secrets.is_secret(entry.name) and not said.meant(place):
                left_out.append(place)
            elif is_directory:
                directories.append(place)
            elif entry.is_file(follow_symlinks=False) or (entry.is_symlink() and _may_follow(base, relative)):
                files[relative] = _checked(base, relative)
                if secrets.is_doubtful(entry.name) and not said.meant(place):
                    doubtful.append(relative)
            else:
                links.append(relative)
    if links:
        warnings.append(_said(base, sorted(links)))
    if left_out:
        warnings.append(secrets.left_out(base, left_out, IGNORE_FILE))
    if doubtful:
        warnings.append(secrets.packed_with(base, doubtful, IGNORE_FILE))
    if not files:
        raise InvalidBundleError(
            f"the base path {base} has no files to pack: it is empty, or all in it is left out ({IGNORE_FILE}, links, "
            f"secrets such as .env, {', '.join(sorted(LEFT_OUT - {IGNORE_FILE}))}, *.pyc)"
        )
    return files


def _entries(directory: Path) -> "List[os.DirEntry[str]]":
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidBundleError(f"cannot read the directory {directory}: {error.strerror}") from error


def _may_follow(base: Path, relative: str) -> bool:
    """Whether a link leads to a file that was named with the base path, and is none that is left out there."""
    target = Path(os.path.realpath(base / relative))
    real = Path(os.path.realpath(base))
    for root in (real, *_blobs(real)):
        if root in target.parents and target.is_file():
            parts = target.relative_to(root).parts
            return not any(part in LEFT_OUT or secrets.is_secret(part) for part in parts)
    return False


def _blobs(base: Path) -> Iterator[Path]:
    """Where the files of a snapshot of the Hugging Face cache are, whose path is models--A--B/snapshots/REVISION."""
    for directory in (base, *base.parents):
        cached = directory.parent
        if directory.name == "snapshots" and cached.name.startswith(("models--", "datasets--", "spaces--")):
            yield cached / "blobs"


def _checked(base: Path, relative: str) -> Path:
    file = base / relative
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidBundleError(f"the name of {os.fsencode(file)!r} is not UTF-8: rename it") from None
    if "\\" in relative:
        raise InvalidBundleError(f"the name of {file} has a backslash, which no archive may have: rename it")
    if not os.access(file, os.R_OK):
        raise InvalidBundleError(
            f"cannot read {file}: permission denied. Make it readable, or name it in {IGNORE_FILE}"
        )
    return file


def _read_ignore_file(base: Path) -> _Ignoring:
    file = base / IGNORE_FILE
    if not file.is_file():
        return _Ignoring(lambda path: False, lambda path: False)
    try:
        import pathspec
    except ImportError:
        raise InvalidBundleError(
            f"{file} cannot be read without pathspec: pip install 'model-bundles[client]', or remove the file"
        ) from None
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
        spec: Any = pathspec.GitIgnoreSpec.from_lines(lines)
        # they ignore whatever no !pattern asks for
        files: Any = pathspec.GitIgnoreSpec.from_lines(["*", *lines])
        directories: Any = pathspec.GitIgnoreSpec.from_lines(["*/", *lines])
    except (OSError, ValueError) as error:
        raise InvalidBundleError(f"cannot read {file}: {error}") from error
    return _Ignoring(
        lambda path: bool(spec.match_file(path)),
        lambda path: not (directories if path.endswith("/") else files).match_file(path),
    )


def _said(base: Path, links: List[str]) -> str:
    more = f" and {len(links) - _MOST_NAMED} more" if len(links) > _MOST_NAMED else ""
    return (
        f"links to what is not a file below it, and what else is not a plain file, are left out of {base}: "
        f"{', '.join(links[:_MOST_NAMED])}{more}. Put the files themselves there if the functions need them"
    )
