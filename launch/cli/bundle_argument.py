"""FILE or NAME on the command line: which of the two a word is, and the bundle behind it.

A bundle's name has no dot, slash or capital; a word with one of them, and -, is a file. So it never depends on what
lies in the directory. A clone in a file needs its base: from --base FILE, else from the cluster.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, TypeVar

import click

from launch.bundle.content import Content, ContentError, content_of_manifest, content_of_object
from launch.bundle.manifest import NAME, name_of, name_problem, read_one
from launch.cli.completing import files
from launch.cluster.connection import Connection

Command = TypeVar("Command", bound=Callable[..., Any])


def bundle_name(_context: Any, _parameter: Any, word: Optional[str]) -> Optional[str]:
    """A callback: a word that cannot be a bundle's name is wrong usage, and no cluster is asked for it."""
    problem = name_problem(word) if word is not None else ""
    if problem:
        raise click.BadParameter(problem)
    return word


def with_bases(command: Command) -> Command:
    """The option --base, which may be given more than once."""
    return click.option(
        "--base",
        "bases",
        metavar="FILE",
        multiple=True,
        shell_complete=files,
        help="Holds the base of a clone in FILE; else it is looked up in the cluster. May be given again.",
    )(command)


def is_name(word: str) -> bool:
    """Whether the word names a bundle; else it names a file."""
    return NAME.fullmatch(word) is not None


def content(word: str, cluster: Connection, bases: Sequence[str] = ()) -> Content:
    """What the bundle runs that the word names, of the file or of the cluster."""
    return content_of_object(cluster.get(word)) if is_name(word) else content_of_file(word, cluster, bases)


def content_of_file(word: str, cluster: Connection, bases: Sequence[str] = ()) -> Content:
    """What the bundle in the file runs, a clone resolved; ContentError or ManifestError when it cannot be known."""
    return content_of_read(read_file(word), word, cluster, bases)


def read_file(word: str) -> Dict[str, Any]:
    """The one ModelBundle of the file, or of standard input; only its outline is checked."""
    return read_one(Path("/dev/stdin") if word == "-" else Path(word))


def content_of_read(manifest: Dict[str, Any], word: str, cluster: Connection, bases: Sequence[str] = ()) -> Content:
    """The same of a manifest that was read from there."""
    return _resolved(manifest, word, cluster, {name_of(base): base for base in map(_read_base, bases)}, ())


def _resolved(
    manifest: Dict[str, Any], where: str, cluster: Connection, bases: Dict[str, Dict[str, Any]], line: Tuple[str, ...]
) -> Content:
    asked = manifest["spec"]["bundle"].get("cloneFrom")
    base = _base(asked["name"], cluster, bases, line) if asked else None
    try:
        return content_of_manifest(manifest, base)
    except ContentError as error:
        raise ContentError(f"{where}: {error}") from None


def _base(name: str, cluster: Connection, bases: Dict[str, Dict[str, Any]], line: Tuple[str, ...]) -> Content:
    if name in line:
        raise ContentError(f"{line[0]} is derived from itself: {' -> '.join([*line, name])}")
    if name in bases:
        return _resolved(bases[name], name, cluster, bases, (*line, name))
    return content_of_object(cluster.get(name))


def _read_base(word: str) -> Dict[str, Any]:
    return read_one(Path(word))
