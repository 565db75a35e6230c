"""The lines of the functions that are pickled by value, by file and number."""

from __future__ import annotations

import contextlib
import inspect
import types
from typing import Any, Dict, List

from launch.packing.pickles.module_origin import is_own
from launch.packing.pickles.reachable import reachable


def source_lines(content: Any) -> Dict[str, Dict[str, List[str]]]:
    """Of each function of the user's own that the content reaches; one typed in at a prompt has none."""
    found: Dict[str, Dict[str, List[str]]] = {}
    for _, value in reachable(content):
        if isinstance(value, types.FunctionType) and is_own(str(value.__module__ or "__main__")):
            with contextlib.suppress(Exception):  # no file, one that has changed, a loader of its own
                lines, first = inspect.getsourcelines(value.__code__)
                texts = [line.rstrip("\n") for line in lines]
                found.setdefault(value.__code__.co_filename, {})[str(max(first, 1))] = texts
    return found
