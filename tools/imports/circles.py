"""Prints the circles of imports between packages: `make check`. The exit code is 1 while there are any.

A package is a folder; a file that lies beside folders stands for itself. Imports inside functions and under
TYPE_CHECKING count: who reads one side has to read the other.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable

from tools.imports.graph import Import, imports, modules


def rooms(names: Iterable[str]) -> dict[str, str]:
    """Of each module the package that it is in, or the module itself where it lies beside packages."""
    names = set(names)
    folders = {name.rpartition(".")[0] for name in names} - {""}
    of_folders = {folder.rpartition(".")[0] for folder in folders}
    found = {}
    for name in names:
        parent = name.rpartition(".")[0]
        itself = not parent or name in folders or parent in of_folders
        found[name] = name if itself else parent
    return found


def circles(found: Iterable[Import], names: Iterable[str]) -> list[list[Import]]:
    """Each circle as the imports that make it, the largest first."""
    room = rooms(names)
    edges: dict[str, set[str]] = defaultdict(set)
    crossing = [one for one in found if one.imported in room and room[one.importer] != room[one.imported]]
    for one in crossing:
        edges[room[one.importer]].add(room[one.imported])
    inside = [
        [one for one in crossing if room[one.importer] in group and room[one.imported] in group]
        for group in _connected(edges)
    ]
    return sorted(filter(None, inside), key=len, reverse=True)


def _connected(edges: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components: of each node, what it reaches and is reached by."""
    reached = {node: _reachable(node, edges) for node in list(edges)}
    groups, seen = [], set[str]()
    for node in sorted(reached):
        if node not in seen:
            group = {node} | {other for other in reached[node] if node in reached.get(other, ())}
            seen |= group
            groups.append(group)
    return groups


def _reachable(start: str, edges: dict[str, set[str]]) -> set[str]:
    seen, left = set[str](), [start]
    while left:
        for node in edges.get(left.pop(), ()):
            if node not in seen:
                seen.add(node)
                left.append(node)
    return seen


def main() -> int:
    """The exit code: 0 when no two packages import each other."""
    names = modules()
    room, groups = rooms(names), circles(imports(), names)
    for group in groups:
        print(f"a circle of {', '.join(sorted({room[one.importer] for one in group}))}:")
        for one in group:
            print(f"  {room[one.importer]} -> {room[one.imported]}: {one}")
    print(f"{len(groups)} circles between packages")
    return 1 if groups else 0


if __name__ == "__main__":
    sys.exit(main())
