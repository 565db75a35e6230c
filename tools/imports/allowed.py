"""Who may import what, as lists of what is allowed: `make check` prints each import that is on none.

Beside the contracts in pyproject.toml, which forbid: what runs in the user's image meets packages that nobody here
knows, so there it is said what may be imported and everything else is refused. A module's name that is put together
while the program runs (importlib) is not seen; such a module is asked for only where it has been imported already.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from tools.imports.graph import Import, imports, modules

STANDARD = frozenset(sys.stdlib_module_names)
# not in Python 3.8
NEWER = frozenset({"_zoneinfo", "compression", "graphlib", "tomllib", "zoneinfo"})
# what reaches outside of the process, or answers differently each time
IMPURE = frozenset(
    {
        "asyncio",
        "http",
        "io",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "secrets",
        "shutil",
        "signal",
        "socket",
        "ssl",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "uuid",
    }
)


@dataclass(frozen=True)
class Room:
    """What the modules below one name may import: of ours, of others, and of the standard library all but `without`."""

    name: str
    ours: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()


OPERATOR = "modelbundle_operator"
# what prepare copies into the user's image beside contract and worker (bundle_runtime/prepare/place.py)
COPIED_SPEC = tuple(f"bundle_spec.{name}" for name in ("document", "json_schema", "names", "requirement_rule"))
CORE = tuple(f"{OPERATOR}.{name}" for name in ("api", "bundle", "endpoint", "judge", "render"))
# contract: the words of the reports that are judged; advice: what to do about what the kubelet tells
_RUNTIME = ("bundle_runtime.advice", "bundle_runtime.contract")
_CORE_OURS = (*CORE, f"{OPERATOR}.errors", f"{OPERATOR}.settings", "bundle_spec", *_RUNTIME)

ROOMS = (
    # in the user's image, on Python 3.8
    Room("bundle_runtime.advice", ("bundle_runtime.advice", "bundle_runtime.contract"), (), NEWER | IMPURE),
    Room("bundle_runtime.contract", ("bundle_runtime.contract", *COPIED_SPEC), (), NEWER),
    Room(
        "bundle_runtime.worker",
        ("bundle_runtime.advice", "bundle_runtime.contract", "bundle_runtime.worker", *COPIED_SPEC),
        ("cloudpickle",),
        NEWER,
    ),
    *(Room(name, COPIED_SPEC, (), NEWER | IMPURE) for name in COPIED_SPEC),
    Room("bundle_spec", ("bundle_spec",), ("packaging", "rfc8785"), NEWER | IMPURE),
    # the operator's core: no I/O, no clock, no randomness
    *(Room(name, _CORE_OURS, ("pydantic",), IMPURE) for name in CORE),
    # they know nothing of the rest
    Room("oip_conformance", ("oip_conformance",), ("click",), NEWER),
    Room("tools.local_cluster", ("tools.local_cluster",)),
)

# a package of others -> the only modules of the product that may import it
ONLY = {
    "kopf": {f"{OPERATOR}.__main__", f"{OPERATOR}.kube.watch"},
    "kubernetes": {f"{OPERATOR}.kube.client", "launch.cluster.transport"},
    "jsonschema_rs": {
        f"{OPERATOR}.bundle.json_schema",
        "bundle_runtime.prepare.schemas",
        "bundle_runtime.schema_compiling",
        "bundle_runtime.server.process",
        "bundle_runtime.server.schemas",
        "launch.packing.schemas.checks",
    },
    # the client's processes on a developer's machine, which run prepare too, have no layers and need none of it
    "zstandard": {"bundle_runtime.layers.pack", "bundle_runtime.layers.unpack"},
    # imported where spans are asked for, and nowhere else
    "opentelemetry": {"bundle_runtime.server.observe.tracing"},
}

# what breaks a rule today, and what ends it; an entry that no import needs any more is refused
KNOWN = {
    (f"{OPERATOR}.bundle.json_schema", "jsonschema_rs"): "compares with the metaschema, compiles nothing of a user's",
}


def broken(found: list[Import], names: set[str]) -> list[str]:
    """A line for each import that no list has, and for each entry of KNOWN that is not needed."""
    lines, needed = [], set()
    for one in found:
        why = _why(one, names)
        if why and (one.importer, one.imported) in KNOWN:
            needed.add((one.importer, one.imported))
        elif why:
            lines.append(f"{one}: {why}")
    stale = [f"tools/imports/allowed.py: KNOWN has {pair}, which breaks no rule: remove it" for pair in KNOWN]
    return sorted(lines) + [line for pair, line in zip(KNOWN, stale, strict=True) if pair not in needed]


def _why(one: Import, names: set[str]) -> str | None:
    top = one.imported.partition(".")[0]
    if one.importer.partition(".")[0] != "tools" and one.importer not in ONLY.get(top, {one.importer}):
        return f"{top} may only be imported in {', '.join(sorted(ONLY[top]))}"
    for room in ROOMS:
        if not _below(one.importer, (room.name,)):
            continue
        if one.imported in names or top in {name.partition(".")[0] for name in names}:
            allowed = _below(one.imported, room.ours)
        else:
            allowed = top in room.others or (top in STANDARD and top not in room.without)
        if not allowed:
            return f"{room.name} may import {_said(room)}"
    return None


def _below(module: str, names: tuple[str, ...]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def _said(room: Room) -> str:
    standard = "the standard library" + (f" without {', '.join(sorted(room.without))}" if room.without else "")
    return ", ".join([standard, *room.others, *room.ours])


def main() -> int:
    """The exit code: 0 when every import is on a list."""
    names = set(modules())
    missing = [room.name for room in ROOMS if not any(_below(name, (room.name,)) for name in names)]
    lines = [f"tools/imports/allowed.py: there is no {name}" for name in missing] + broken(imports(), names)
    for line in lines:
        print(line)
    if lines:
        print(f"{len(lines)} imports that are on no list (tools/imports/allowed.py)")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
