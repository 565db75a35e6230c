"""The artifact is read-only to the bundle's code, as in a pod: code that writes beside itself fails here already.

It is a matter of the files' modes, so root may write all the same. The reaper gives the right back before it removes.
"""

from __future__ import annotations

import os
from pathlib import Path

_READ, _RUN = 0o444, 0o555


def take_writing_away(directory: Path) -> None:
    """From the directory and all that is in it; what links lead to is left alone."""
    for base, _, names in os.walk(directory, topdown=False):
        for file in (Path(base, name) for name in names):
            if not file.is_symlink():
                file.chmod(_RUN if os.access(file, os.X_OK) else _READ)
        Path(base).chmod(_RUN)
