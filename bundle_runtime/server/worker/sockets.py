"""A unix socket's path before it is bound: its directory is there, the last server's socket is not, and the umask says
who may connect."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def fresh(path: str, umask: int) -> Iterator[None]:
    """Bind within it: a socket's mode is decided at that moment."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).unlink(missing_ok=True)
    before = os.umask(umask)
    try:
        yield
    finally:
        os.umask(before)
