"""Which files of a directory belong into its archive: not what tools leave behind, no links, not what is ignored.

.bundleignore lies at the root of a base path and has the syntax of .gitignore.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable, Dict, List

from launch.errors import InvalidBundleError

IGNORE_FILE = ".bundleignore"
LEFT_OUT = {
    ".git", ".venv", "__pycache__", ".DS_Store", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache", ".ruff_cache",
    IGNORE_FILE,
}  # fmt: skip
_BYTECODE = (".pyc", ".pyo")
_MOST_NAMED = 5


def files_below(base: Path, warnings: List[str]) -> Dict[str, Path]:
    """From the path below `base`, with slashes, to the file; InvalidBundleError where none is left.

    What is neither file nor directory (links, sockets) is left out, and said in `warnings` once.
    """
    ignored = _ignored(base)
    files: Dict[str, Path] = {}
    links: List[str] = []
    directories = [""]
    while directories:
        directory = directories.pop()
        for entry in _entries(base / directory):
            relative = f"{directory}{entry.name}"
            if entry.name in LEFT_OUT or entry.name.endswith(_BYTECODE):
                continue
            is_directory = entry.is_dir(follow_symlinks=False)
            if ignored(f"{relative}/" if is_directory else relative):
                continue
            if is_directory:
                directories.append(f"{relative}/")
            elif entry.is_file(follow_symlinks=False):
                files[relative] = _checked(base, relative)
            else:
                links.append(relative)
    if links:
        warnings.append(_said(base, sorted(links)))
    if not files:
        raise InvalidBundleError(
            f"the base path {base} has no files to pack: it is empty, or all in it is left out ({IGNORE_FILE}, links, "
            f"{', '.join(sorted(LEFT_OUT - {IGNORE_FILE}))}, *.pyc)"
        )
    return files


def _entries(directory: Path) -> "List[os.DirEntry[str]]":
    try:
        with os.scandir(directory) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise InvalidBundleError(f"cannot read the directory {directory}: {error.strerror}") from error


def _checked(base: Path, relative: str) -> Path:
    file = base / relative
    try:
        relative.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidBundleError(f"the name of {os.fsencode(file)!r} is no UTF-8: rename it") from None
    if "\\" in relative:
        raise InvalidBundleError(f"the name of {file} has a backslash, which no archive may have: rename it")
    if not os.access(file, os.R_OK):
        raise InvalidBundleError(
            f"cannot read {file}: permission denied. Make it readable, or name it in {IGNORE_FILE}"
        )
    return file


def _ignored(base: Path) -> Callable[[str], bool]:
    """Whether a path below `base` is ignored; a directory's ends with a slash."""
    file = base / IGNORE_FILE
    if not file.is_file():
        return lambda relative: False
    try:
        import pathspec
    except ImportError:
        raise InvalidBundleError(
            f"{file} cannot be read without pathspec: pip install 'model-bundles[client]', or remove the file"
        ) from None
    try:
        spec: Any = pathspec.GitIgnoreSpec.from_lines(file.read_text(encoding="utf-8-sig").splitlines())
    except (OSError, ValueError) as error:
        raise InvalidBundleError(f"cannot read {file}: {error}") from error
    return lambda relative: bool(spec.match_file(relative))


def _said(base: Path, links: List[str]) -> str:
    more = f" and {len(links) - _MOST_NAMED} more" if len(links) > _MOST_NAMED else ""
    return (
        f"links, and what else is no plain file, are left out of {base}: {', '.join(links[:_MOST_NAMED])}{more}. "
        "Put the files themselves there if the functions need them"
    )
