"""What `modelbundle serve` is given: a bundle's file, or code that is packed first. Pure but for a look at the disk."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Optional

from launch.cli.packing import SOURCES

_FUNCTION = re.compile(r"[A-Za-z_]\w*")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class Source(NamedTuple):
    """Code: `path` is a file or a folder, `module` the dotted name of a module; one of the two is empty. `folder` is
    that of a file which stands for the whole of it."""

    path: str
    module: str
    function: Optional[str]
    folder: str = ""

    @property
    def name(self) -> str:
        """What the bundle is called: after the file, the folder or the module."""
        if self.folder:
            return Path(self.folder).resolve().name
        return Path(self.path).resolve().stem if self.path else self.module.rpartition(".")[2]

    @property
    def is_folder(self) -> bool:
        """Whether it is packed as a zip of files."""
        return bool(self.path) and Path(self.path).is_dir()

    @property
    def directory(self) -> Path:
        """Where the code lies; of a module the working directory."""
        path = Path(self.path or ".").resolve()
        return path if path.is_dir() else path.parent


def source_of(word: str) -> Optional[Source]:
    """FILE.py, FILE.ipynb, a folder or package.module, each with :FUNCTION behind it or not; None for the rest.

    A module needs its function: one word alone may be a file's name. A colon in the name of a file that is there is
    the file's.
    """
    path, colon, function = word.rpartition(":")
    if not colon or Path(word).exists() or not _FUNCTION.fullmatch(function):
        path, function = word, ""
    if path.endswith(SOURCES) or (path and Path(path).is_dir()):
        return Source(path, "", function or None)
    if function and _MODULE.fullmatch(path) and not Path(path).exists():
        return Source("", path, function)
    return None
