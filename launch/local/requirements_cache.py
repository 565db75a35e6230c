"""Where the requirements of bundles that are served on this machine are kept between two runs."""

from __future__ import annotations

import os
from pathlib import Path


def user_cache() -> Path:
    """XDG_CACHE_HOME, else ~/.cache."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def requirements_cache() -> Path:
    """A directory of each bundle and Python; it can be removed at any time."""
    return user_cache() / "model-bundles" / "requirements"
