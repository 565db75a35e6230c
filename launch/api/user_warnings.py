"""LaunchWarnings point at the line of the user that called the client, however deep in it they come about."""

from __future__ import annotations

import sys
import warnings
from typing import Iterable

from launch.errors import LaunchWarning


def warn(texts: Iterable[str]) -> None:
    """Each text as one LaunchWarning."""
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_ours(frame.f_globals.get("__name__")):
        level, frame = level + 1, frame.f_back
    for text in texts:
        warnings.warn(text, LaunchWarning, stacklevel=level)


def _is_ours(module: object) -> bool:
    return str(module).partition(".")[0] == "launch"
