"""Every import of the product, read from its text: those inside functions and under TYPE_CHECKING count too.

import-linter sees the same imports but asks what is forbidden; an allow list and circles between packages need the
imports themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
# import name -> where it is; operator/ is not a package
PACKAGES = {
    "modelbundle_operator": "operator/modelbundle_operator",
    "bundle_spec": "bundle_spec",
    "bundle_runtime": "bundle_runtime",
    "launch": "launch",
    "oip_conformance": "oip_conformance",
    "tools": "tools",
}


@dataclass(frozen=True)
class Import:
    """`importer` imports `imported`, at `line` of `file`; `kind` is plain, lazy or type."""

    importer: str
    imported: str
    file: str
    line: int
    kind: str

    def __str__(self) -> str:
        mark = {"plain": "", "lazy": " (inside a function)", "type": " (under TYPE_CHECKING)"}[self.kind]
        return f"{self.file}:{self.line}: {self.imported}{mark}"


def modules(root: Path = ROOT) -> dict[str, Path]:
    """Module name -> file, of every package."""
    found = {}
    for package, folder in PACKAGES.items():
        for file in sorted((root / folder).rglob("*.py")):
            parts = [package, *file.relative_to(root / folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


def imports(root: Path = ROOT) -> list[Import]:
    """All of them; what is imported is a module's name where the module is ours, else the name as it is written."""
    known = modules(root)
    return [found for name, file in known.items() for found in _imports_of(name, file, known, root)]


def _imports_of(name: str, file: Path, known: dict[str, Path], root: Path) -> Iterator[Import]:
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]

    def visit(node: ast.AST, kind: str) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                for imported in _names(child, package, known):
                    yield Import(name, imported, str(file.relative_to(root)), child.lineno, kind)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from visit(child, "lazy")
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from visit(child, "type")
            else:
                yield from visit(child, kind)

    yield from visit(ast.parse(file.read_text(), str(file)), "plain")


def _names(node: ast.Import | ast.ImportFrom, package: str, known: dict[str, Path]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    parts = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    base = ".".join([*parts, *([node.module] if node.module else [])])
    return list(dict.fromkeys(f"{base}.{a.name}" if f"{base}.{a.name}" in known else base for a in node.names))
