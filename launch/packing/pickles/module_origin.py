"""Where a module comes from: Python itself, an installed package, or the user's own files.

What is pickled by reference and what a bundle requires both depend on it. Python 3.8 and 3.9 have no list of the
standard library's modules, so there its directory decides.
"""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from pathlib import PurePath
from typing import Optional

_INSTALLED = {"site-packages", "dist-packages"}


def is_standard(name: str) -> bool:
    """Whether `import name` gives a module of the standard library."""
    top = name.partition(".")[0]
    names = getattr(sys, "stdlib_module_names", None)
    if names is not None:
        return top in names
    if top in sys.builtin_module_names:
        return True
    file = _file(top)
    if file is None or _INSTALLED & set(PurePath(file).parts):
        return False
    paths = sysconfig.get_paths()
    return file == "frozen" or any(file.startswith(paths[key]) for key in ("stdlib", "platstdlib"))


def is_installed(name: str) -> bool:
    """Whether the module lies where packages are installed; an editable package is its user's own files."""
    file = _file(name.partition(".")[0])
    return file is not None and bool(_INSTALLED & set(PurePath(file).parts))


def is_own(name: str) -> bool:
    """Whether it is the user's: a script, a notebook, a file beside it."""
    return name == "__main__" or not (is_standard(name) or is_installed(name))


def _file(top: str) -> Optional[str]:
    """Of a module at the top, which is not imported for it; a package without a file is in one of its directories."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError, AttributeError):  # __main__, and modules that were made and not imported
        return None
    if spec is None:
        return None
    if spec.origin and spec.origin != "namespace":
        return spec.origin
    return next(iter(spec.submodule_search_locations or ()), None)
