"""A cgroup for the pods of this copy only.

Every kubelet removes pod cgroups that it does not know, processes and all: two of them under the default root would
kill each other's pods. The cgroup also tells which processes on the machine are our pods'.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tools.local_cluster.place import Place

_ROOT = Path("/sys/fs/cgroup")
# All pods together count as one process of the machine by default; a busy machine would starve them all at once.
_WEIGHT = {"cpu.shares": "8192", "cpu.weight": "800"}  # of cgroup v1 and v2, eight times the default


def create(place: Place) -> None:
    for parent in _hierarchies():
        own = parent / place.name
        own.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):  # cgroup v1: a new cpuset is empty, and nothing can run in it
            if (parent / name).exists() and not _is_v2(parent):
                (own / name).write_text((parent / name).read_text())
        for name, weight in _WEIGHT.items():
            if (own / name).exists():
                (own / name).write_text(weight)
        if _is_v2(parent):
            controllers = (own / "cgroup.controllers").read_text().split()
            with suppress(OSError):
                (own / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in controllers))


def remove(place: Place) -> None:
    for parent in _hierarchies():
        for _ in range(20):
            if _remove_tree(parent / place.name):
                break
            time.sleep(0.05)  # a killed process leaves its cgroup a moment later


def processes(place: Place) -> Iterator[int]:
    for parent in _hierarchies():
        for group in below(parent / place.name):
            with suppress(OSError):
                yield from (int(pid) for pid in (group / "cgroup.procs").read_text().split())


def below(top: Path) -> Iterator[Path]:
    """Each folder after those in it, as it can be removed; one that goes meanwhile, as its pod does, is passed over."""
    for folder, _, _ in os.walk(top, topdown=False):
        yield Path(folder)


def _remove_tree(top: Path) -> bool:
    if not top.is_dir():
        return True
    for group in below(top):
        with suppress(OSError):
            group.rmdir()
    return not top.exists()


def _hierarchies() -> list[Path]:
    if _is_v2(_ROOT):
        return [_ROOT]
    return [
        path
        for path in sorted(_ROOT.iterdir())
        if path.is_dir() and not path.is_symlink() and (path / "cgroup.procs").exists()
    ]


def _is_v2(path: Path) -> bool:
    return (path / "cgroup.controllers").exists()
