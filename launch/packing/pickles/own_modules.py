"""The user's own modules, which are in no package, go into the pickle by value: where it is read they do not exist.

Which ones shows the pickle itself: it is written, and written again with what it refers to, until it refers to none.
"""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Dict, FrozenSet, List, Optional, Tuple

from launch.errors import NotPicklableError
from launch.packing.distributions import distributions_of
from launch.packing.pickles.pickle_names import module_names
from launch.packing.pickles.pickling import may_go_by_value, pickle_to
from launch.stores.artifact import Packed


def pickle_with_own_modules(
    path: Path, content: Any, globals_copy: Optional[Mapping[str, Any]] = None
) -> Tuple[Packed, List[str]]:
    """As pickle_to, with the modules of nobody's package by value, and what is to be said about that.

    Where something in them cannot be pickled all stay by reference, which is said where requirements are looked for.
    """
    done = pickle_to(path, content, globals_copy)
    taken: Dict[str, types.ModuleType] = {}
    while True:
        more = {name: module for name, module in _in_no_package(path).items() if name not in taken}
        if not more:
            break
        taken.update(more)
        named = {f"module {name}": module for name, module in taken.items()}
        try:
            done = pickle_to(path, content, {**(globals_copy or {}), **named})
        except NotPicklableError:
            return pickle_to(path, content, globals_copy), []
    if not taken:
        return done, []
    return done, [
        f"what the functions use of {', '.join(sorted(taken))} is pickled with them, as it is now: that is in no "
        "package, and is missing where they are served"
    ]


@functools.lru_cache(maxsize=None)
def _packaged(tops: FrozenSet[str], _: Tuple[str, ...]) -> FrozenSet[str]:
    """Which of the top-level modules a package brings; it reads all that are installed, so it is asked once."""
    return frozenset(distributions_of(set(tops)))


def _in_no_package(path: Path) -> Dict[str, types.ModuleType]:
    """The imported modules that the pickle refers to and that no index could bring; compiled ones stay."""
    imported = {name: sys.modules.get(name) for name in module_names(path)}
    own = {
        name: module
        for name, module in imported.items()
        if isinstance(module, types.ModuleType)
        and str(getattr(module, "__file__", None)).endswith(".py")
        and may_go_by_value(module)
    }
    packaged = _packaged(frozenset(name.partition(".")[0] for name in own), tuple(sys.path))
    return {name: module for name, module in own.items() if name.partition(".")[0] not in packaged}
