"""Which installed package a module belongs to, and how another machine would get the same one.

importlib.metadata has packages_distributions() from Python 3.10 only, and there it misses packages without a
top_level.txt until 3.11.
"""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import PurePosixPath
from typing import Any, Dict, FrozenSet, List, Set

_CODE = re.compile(r"\n[^\W\d]\w*(?:/[^,\n]*)?\.(?:py|so|pyd),")  # in RECORD: a module at the top, or below it


class Distribution:
    """An installed package: `requirement` is empty when no index has it, and then `source` says where it is from."""

    def __init__(self, found: metadata.Distribution) -> None:
        self._found = found
        self._files: FrozenSet[str] = frozenset()
        self.name = str(found.metadata["Name"])
        self.version = found.version.partition("+")[0]
        self.source, self.requirement = "", f"{self.name}=={self.version}"
        direct = _direct_url(found)
        url = str(direct.get("url", ""))
        if "archive_info" in direct and url.startswith(("http://", "https://")):
            self.requirement = f"{self.name} @ {url}"
        elif direct:
            self.source, self.requirement = url, ""

    def has(self, path: str) -> bool:
        """Whether `a/b` is one of its modules or packages."""
        if not self._files:
            self._files = frozenset(_without_ending(str(file)) for file in self._found.files or ())
        return path in self._files or any(file.startswith(f"{path}/") for file in self._files)


def distributions_of(modules: Set[str]) -> Dict[str, List[Distribution]]:
    """From each top-level module, such as sklearn, to the packages that bring it; several share a namespace."""
    by_module: Dict[str, List[Distribution]] = {}
    seen: Set[str] = set()
    if not modules:
        return by_module
    every = [(found, _may_bring(found, modules)) for found in metadata.distributions()]
    if not any(may for _, may in every):  # as of modules that are the user's own
        return by_module
    for found, may in every:
        name = found.metadata["Name"]
        key = re.sub(r"[-_.]+", "-", name).lower() if name else ""
        if not key or key in seen:  # the first on the path is the one that is imported
            continue
        seen.add(key)
        for top in _top_levels(found) & modules if may else ():
            by_module.setdefault(top, []).append(Distribution(found))
    return by_module


def _may_bring(found: metadata.Distribution, modules: Set[str]) -> bool:
    """Whether one of them may be among its top levels, mostly by the text of its list of files: to take that apart into
    paths costs a hundred times as much."""
    names = set((found.read_text("top_level.txt") or "").split())
    if names:
        return bool(names & modules)
    record = "\n" + (found.read_text("RECORD") or "")
    if not _CODE.search(record) or '\n"' in record or "\n./" in record:  # nothing known, or spelt in another way
        return bool(_top_levels(found) & modules)
    return any(f"\n{top}{mark}" in record for top in modules for mark in "/.")


def _top_levels(found: metadata.Distribution) -> Set[str]:
    names = set((found.read_text("top_level.txt") or "").split())
    if names:
        return names
    files = [PurePosixPath(str(file)) for file in found.files or ()]
    tops = {file.parts[0] if len(file.parts) > 1 else _without_ending(file.name) for file in files if _is_code(file)}
    return {top for top in tops if top.isidentifier()} or {re.sub(r"[-.]+", "_", str(found.metadata["Name"]))}


def _is_code(file: PurePosixPath) -> bool:
    return file.suffix in (".py", ".so", ".pyd")


def _without_ending(path: str) -> str:
    """a/b of a/b.py, a/b/__init__.py and a/b.cpython-311-x86_64-linux-gnu.so."""
    if path.endswith("/__init__.py"):
        return path[: -len("/__init__.py")]
    directory, slash, name = path.rpartition("/")
    return directory + slash + name.partition(".")[0]


def _direct_url(found: metadata.Distribution) -> Dict[str, Any]:
    """What the installer wrote when the package came from a directory, a repository or an archive (PEP 610)."""
    try:
        value = json.loads(found.read_text("direct_url.json") or "{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
