"""What this machine has of the client beside the package itself: what `modelbundle uninstall` removes."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path
from typing import List, NamedTuple

from launch.local.connection import local_directory
from launch.local.requirements_cache import requirements_cache
from launch.stores.accepted_stores import accepted_file


class Leftover(NamedTuple):
    """`said` is what it holds; `size` is in bytes."""

    path: Path
    said: str
    size: int


def leftovers() -> List[Leftover]:
    """Those that are there. Of the directory of local bundles only what the client made: LAUNCH_LOCAL_DIR may be one
    that holds other files."""
    local = local_directory()
    known = [
        (local / "objects", "bundles and endpoints of LAUNCH_ENDPOINT=local"),
        (local / "artifacts", "their artifacts"),
        (requirements_cache(), "packages that served bundles required"),
        (accepted_file(os.environ), "the stores that you accepted for namespaces"),
    ]
    return [Leftover(path, said, _size(path)) for path, said in known if os.path.lexists(str(path))]


def remove(leftover: Leftover) -> None:
    """OSError where it cannot be removed whole. What a link points to stays, and so does a directory around it that
    holds anything else."""
    path = leftover.path
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(str(path))
    else:
        path.unlink()
    with contextlib.suppress(OSError):  # not empty
        path.parent.rmdir()


def _size(path: Path) -> int:
    files = [path] if path.is_file() else path.rglob("*")
    total = 0
    for file in files:
        with contextlib.suppress(OSError):  # removed meanwhile
            status = file.lstat()
            total += 0 if stat.S_ISDIR(status.st_mode) else status.st_size
    return total
