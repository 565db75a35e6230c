"""What can be known of a failure before anything is uploaded: the pickle's names, this machine's versions and its
devices are put before the same table of known failures that the worker asks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Set, Tuple

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from bundle_runtime.advice.row import LOAD, PACK, UNPICKLE, Advice, Symptom, World
from bundle_runtime.advice.table import advice, advice_for
from bundle_spec.requirement_rule import package_name, split_hashes
from launch.packing.distributions import distributions_of
from launch.packing.pickles.module_origin import is_standard
from launch.packing.pickles.pickle_names import global_names
from launch.packing.pickles.reachable import reachable

_PICKLES = (".pkl", ".pickle", ".joblib")
_POINTER_BYTES = 1024  # one of Git LFS has some 130
_PACKING = World(packing=True)
_WITHOUT_GPU = "Where the bundle is served without a GPU: "


def foreseen(content: Any, pickle_file: Path, requirements: Iterable[str]) -> List[str]:
    """Of a pickle that was just written: what fails, or may, where it is served, and what to do about it."""
    names = global_names(pickle_file)
    found = [*_of_paths(names), *_of_versions({module for module, _ in names}, requirements)]
    return [one.text for one in found] + [_WITHOUT_GPU + one.text for one in _of_devices(content)]


def of_names(requirements: Iterable[str]) -> List[str]:
    """Of entries whose names no index has: parts of Python, and what belongs to another system, unless a marker says
    where the entry is meant."""
    names = (package_name(entry) for entry in requirements if ";" not in entry)
    found = (advice_for(PACK, f"{name} is not at the index", _PACKING) for name in names if name)
    return [one.text for one in found if one is not None]


def of_local_modules(names: Iterable[str]) -> List[str]:
    """Of modules of this machine, where the requirements were given and say nothing of them."""
    found = (advice_for(PACK, f"uses the local module {name}", _PACKING) for name in names)
    return [one.text for one in found if one is not None]


def foreseen_of_files(files: Mapping[str, Path]) -> List[str]:
    """Of files that are packed into a zip: pickles of a script's own classes, and pointers in the place of files."""
    said = []
    for name, file in files.items():
        found = _of_pointer(file) or (_of_main(file) if name.endswith(_PICKLES) else None)
        if found is not None:
            said.append(f"{name}: {found.text}")
    return said


def _of_paths(names: Set[Tuple[str, str]]) -> Iterator[Advice]:
    if any(name == "WindowsPath" and module.partition(".")[0] == "pathlib" for module, name in names):
        yield from _raised("NotImplementedError", "cannot instantiate 'WindowsPath' on your system")


def _of_devices(content: Any) -> Iterator[Advice]:
    """One is enough: all of them go the same way."""
    if "torch" not in sys.modules:
        return
    for _, value in reachable(content):
        if type(value).__module__.partition(".")[0] != "torch":
            continue
        if getattr(value, "is_cuda", False) is True:
            text = "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False"
            yield from _raised("RuntimeError", text)
            return
        if getattr(value, "is_mps", False) is True:
            yield from _raised("RuntimeError", "don't know how to restore data location of it (tagged with mps)")
            return


def _of_versions(modules: Set[str], requirements: Iterable[str]) -> Iterator[Advice]:
    """Where a requirement excludes the version of this machine, which wrote the pickle."""
    asked = dict(_specifiers(requirements))
    if not asked:
        return
    tops = {module.partition(".")[0] for module in modules if not is_standard(module)}
    here = {canonicalize_name(one.name): one for found in distributions_of(tops).values() for one in found}
    for name, package in sorted(here.items()):
        specifier = asked.get(name)
        if specifier is None or specifier.contains(package.version, prereleases=True):
            continue
        if name == "numpy" and package.version.startswith("2."):
            have = next((one.version for one in specifier if one.operator in ("==", "<=", "~=")), "1")
            world = World(
                packing=True,
                version=lambda name, have=have: have if name == "numpy" else "",  # type: ignore[misc]
                is_required=lambda name: True,
            )
            yield from _raised("ModuleNotFoundError", "No module named 'numpy._core'", "numpy._core", world)
            continue
        found = advice_for(PACK, f"{package.name} {package.version} writes, requirements ask for {specifier}", _PACKING)
        if found is not None:
            yield found


def _specifiers(requirements: Iterable[str]) -> Iterator[Tuple[str, Any]]:
    for entry in requirements:
        try:
            requirement = Requirement(split_hashes(entry)[0])
        except InvalidRequirement:  # the operator's refusal says what is wrong
            continue
        if str(requirement.specifier):
            yield canonicalize_name(requirement.name), requirement.specifier


def _of_pointer(file: Path) -> Optional[Advice]:
    size = file.stat().st_size
    if size > _POINTER_BYTES:
        return None
    head = file.read_bytes()
    if not head.startswith(b"version https://git-lfs"):
        return None
    symptom = Symptom(UNPICKLE, "invalid load key, 'v'.", ("UnpicklingError",))
    return advice([symptom], World(head=lambda: head, size=size, packing=True))


def _of_main(file: Path) -> Optional[Advice]:
    own = sorted(name for module, name in global_names(file) if module == "__main__")
    text = f"Can't get attribute {own[0]!r} on <module '__main__'" if own else ""
    return advice([Symptom(LOAD, text, ("AttributeError",))], _PACKING) if own else None


def _raised(kind: str, text: str, module: str = "", world: Optional[World] = None) -> Iterator[Advice]:
    found = advice([Symptom(UNPICKLE, text, (kind,), module)], world or _PACKING)
    if found is not None:
        yield found
