"""The machine's cache: what is slow to make is made once, for every copy of the project on the machine.

A thing is made under a temporary name and renamed when complete, under a lock: an interrupted run leaves nothing
half-made behind, and two copies that want the same thing make it once.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local_cluster.progress import say


def root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "model-bundles"


@contextmanager
def locked(path: Path, why: str) -> Iterator[None]:
    """Hold `path` as a lock; a process that has to wait says for what."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another process: {why}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def making(target: Path) -> Iterator[Path]:
    """An empty directory beside `target` to work in; leave in it a file or directory `new`, which becomes `target`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        yield scratch
        (scratch / "new").rename(target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def sweep(directory: Path) -> None:
    """Remove what interrupted runs left in `directory`; call it while holding the lock of that directory."""
    if directory.is_dir():
        for left in directory.glob(".*.*"):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)


def fingerprint(parts: Iterable[str | bytes]) -> str:
    """A short name for the exact content of `parts`."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()[:16]


def tree_parts(base: Path, names: Iterable[str]) -> Iterator[str | bytes]:
    """Path, mode and content of every source file under `names`, for fingerprint(); caches of Python are no source."""
    for name in sorted(names):
        top = base / name
        files = sorted(path for path in top.rglob("*") if path.is_file()) if top.is_dir() else [top]
        for path in files:
            if "__pycache__" in path.parts or path.suffix == ".pyc":
                continue
            yield str(path.relative_to(base))
            yield oct(path.stat().st_mode & 0o111)
            yield path.read_bytes()
