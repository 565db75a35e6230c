"""Which packages a bundle needs, where the user gave no requirements: those that the user's own functions use.

Two places name them: what the pickle refers to (classes, functions, the modules that functions have as globals), and
the imports inside function bodies. A module that is imported by a computed name (importlib) is not seen.
"""

from __future__ import annotations

import dis
import importlib.util
import types
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

from launch.packing.distributions import Distribution, distributions_of
from launch.packing.pickles.module_origin import is_own, is_standard
from launch.packing.pickles.pickle_names import module_names
from launch.packing.pickles.reachable import code_objects, reachable

_OURS = {"cloudpickle"}  # the worker brings it


# what the image of a framework brings in its own version, which install never replaces
_BROUGHT = {"pytorch": {"torch", "torchvision", "torchaudio"}, "tensorflow": {"tensorflow", "keras"}}


def without_framework(requirements: Iterable[str], framework_type: str) -> List[str]:
    """Those that the image does not bring: a pin of the notebook's torch would exclude the image's."""
    brought = _BROUGHT.get(framework_type, set())
    return [entry for entry in requirements if entry.partition("==")[0].lower() not in brought]


def inferred_requirements(content: Any, pickle_file: Path) -> Tuple[List[str], List[str]]:
    """`name==version` for each package, sorted, and what is to be said about modules that no package index has.

    `content` is what was pickled into `pickle_file`. The version is the public one: 2.1.0 of 2.1.0+cu121.
    """
    referred, names = _used(content, pickle_file)
    known = distributions_of({name.partition(".")[0] for name in names})
    requirements: Dict[str, str] = {}
    warnings: List[str] = []
    said: Set[str] = set()
    for name in sorted(names):
        top = name.partition(".")[0]
        found = _distribution(name, known.get(top, []))
        if found is not None and found.requirement:
            requirements[found.name.lower()] = found.requirement
        elif top not in said and len(known.get(top, [])) < 2:  # a namespace on its own needs nothing
            said.add(top)
            warnings.append(_not_on_an_index(top, found, any(_below(module, top) for module in referred)))
    return sorted(requirements.values(), key=str.lower), warnings


def local_modules(content: Any, pickle_file: Path) -> List[str]:
    """Those at the top that the functions use, that lie on this machine and are in no package."""
    tops = {name.partition(".")[0] for name in _used(content, pickle_file)[1]}
    return sorted(top for top in tops - set(distributions_of(tops)) if _exists(top))


def _used(content: Any, pickle_file: Path) -> Tuple[Set[str], Set[str]]:
    """The modules that the pickle refers to, and with those that functions import all that Python does not bring."""
    referred = {name for name in module_names(pickle_file) if name.partition(".")[0] not in _OURS}
    return referred, {name for name in referred | set(_imports(content)) if not _comes_with_python(name)}


def _distribution(name: str, candidates: List[Distribution]) -> Optional[Distribution]:
    """Where several packages share a namespace (google.cloud), the one that has the module's file."""
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    path = name.replace(".", "/")
    while "/" in path:
        for candidate in candidates:
            if candidate.has(path):
                return candidate
        path = path.rpartition("/")[0]
    return None


def _not_on_an_index(top: str, found: Optional[Distribution], by_reference: bool) -> str:
    ways = (
        "import it at the top of the file that the command packs, or pass globals_copy=globals(), to pickle it with "
        "the functions; or make the bundle of the folder (from_dirs)"
    )
    if found is not None:
        return (
            f"the functions use {top}, of the package {found.name}, which is installed from {found.source} and not "
            f"from an index that the cluster could ask: {ways}, or name it in requirements"
        )
    if _exists(top):
        how = "refer to the module" if by_reference else "import the module"
        return f"the functions {how} {top}, which is in no package: where they are served it is missing; {ways}"
    return f"the functions import {top}, which is not installed here: add its package to requirements, or to the image"


def _imports(content: Any) -> Iterator[str]:
    """Full names, `a.b.c` also for `from a.b import c`, of which only a.b may be a module."""
    for _, value in reachable(content):
        if isinstance(value, types.FunctionType) and is_own(str(value.__module__ or "__main__")):
            package = value.__globals__.get("__package__") or ""
            for code in code_objects(value):
                yield from _imports_of(code, package)


def _imports_of(code: types.CodeType, package: str) -> Iterator[str]:
    module: Optional[str] = None
    before: List[Any] = [0, None]  # what the two instructions before IMPORT_NAME load: level, names
    for instruction in dis.get_instructions(code):
        if instruction.opname == "EXTENDED_ARG":
            continue
        if instruction.opname == "IMPORT_NAME":
            module = _absolute(instruction.argval, before[0] if isinstance(before[0], int) else 0, package)
            if module:
                yield module
        elif instruction.opname == "IMPORT_FROM" and module:
            yield f"{module}.{instruction.argval}"
        before = [before[1], instruction.argval]


def _absolute(name: str, level: int, package: str) -> Optional[str]:
    if level == 0:
        return name
    try:
        return importlib.util.resolve_name("." * level + name, package)
    except (ImportError, ValueError):  # a relative import in a script
        return None


def _comes_with_python(name: str) -> bool:
    return name == "__main__" or is_standard(name)


def _exists(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError, AttributeError):
        return True  # it is among the imported ones, in a form of its own


def _below(module: str, top: str) -> bool:
    return module.partition(".")[0] == top
