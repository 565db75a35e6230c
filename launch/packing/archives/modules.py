"""Whether the functions that the dotted paths name are in the files, without running any of them.

A module that is missing cannot work and is an error. A module that does not parse, or seems to lack the function, is
only said: the image may have a newer Python, and a module may make its names as it runs.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings as python_warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Iterable, Iterator, List, Set

from launch.errors import InvalidBundleError, WrongTypeError

DOTTED_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_LONGEST_PATH = 256
_EXTENSION = re.compile(r"(\.[\w-]+)*\.(so|pyd)")
_MOST_NAMED = 20
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][\w.-]*(\[[\w, -]*\])?\s*([=<>!~]=?\s*[\w.*]+,?\s*)*)?(\s*#.*)?")


def checked_path(value: Any, argument: str) -> None:
    """InvalidBundleError or WrongTypeError unless the value is a dotted path of a function in a module."""
    if not isinstance(value, str):
        raise WrongTypeError(f"{argument} is a {type(value).__name__}: give a dotted path, such as predict.{argument}")
    if not DOTTED_PATH.fullmatch(value) or len(value) > _LONGEST_PATH:
        raise InvalidBundleError(
            f"{argument} is {value!r}: write module.function, such as predict.my_{argument} (letters, digits and _, at "
            f"most {_LONGEST_PATH})"
        )


def has_module(files: Iterable[str], module: str) -> bool:
    """Whether the module, or a package of that name, is among the files."""
    path = module.replace(".", "/")
    return any(name.startswith(f"{path}/") or _is_module(name, path) for name in files)


def check_functions(files: Mapping[str, Path], functions: Mapping[str, str]) -> List[str]:
    """What is to be said about the functions (argument to dotted path); InvalidBundleError when a module is missing."""
    said: List[str] = []
    for argument, dotted in functions.items():
        module, _, function = dotted.rpartition(".")
        path = module.replace(".", "/")
        name = next((f"{path}{end}" for end in ("/__init__.py", ".py") if f"{path}{end}" in files), None)
        if name is not None:
            said.extend(_about(files[name], name, argument, dotted, function))
        elif not any(_is_module(file, path) for file in files):
            raise InvalidBundleError(_missing(files, argument, dotted, module))
    return list(dict.fromkeys(said))


def _is_module(name: str, path: str) -> bool:
    if name in (f"{path}.py", f"{path}/__init__.py"):
        return True
    return name.startswith(f"{path}.") and _EXTENSION.fullmatch(name[len(path) :]) is not None


def _missing(files: Mapping[str, Path], argument: str, dotted: str, module: str) -> str:
    modules = [re.sub(r"(/__init__)?\.py$", "", name).replace("/", ".") for name in files if name.endswith(".py")]
    near = difflib.get_close_matches(module, modules, 1)
    advice = f"; did you mean {near[0]}?" if near else ""
    named = ", ".join(modules[:_MOST_NAMED]) or "none"
    more = f" and {len(modules) - _MOST_NAMED} more" if len(modules) > _MOST_NAMED else ""
    return f"{argument} is {dotted}, but the base paths have no module {module}; they have: {named}{more}{advice}"


def _about(file: Path, name: str, argument: str, dotted: str, function: str) -> Iterator[str]:
    text = file.read_bytes()
    like_requirements = _reads_like_requirements(text)
    hint = "; its text reads like a requirements file" if like_requirements else ""
    try:
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # invalid escapes in the user's strings are not our concern
            tree = ast.parse(text, name)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = f"line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else str(error)
        yield f"{argument} is {dotted}, and {name} is not valid Python ({line}){hint}: the bundle will not load"
        return
    names = set(_names(tree.body))
    if function not in names and not names & {"*", "__getattr__"}:
        there = ", ".join(sorted(names)[:_MOST_NAMED]) or "nothing"
        yield f"{argument} is {dotted}, and {name} has no {function}; it has {there}{hint}: the bundle will not load"


def _names(body: Iterable[ast.AST]) -> Iterator[str]:
    """What a module defines or imports at its top level, in any branch; "*" where that cannot be known."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif not isinstance(node, ast.Lambda):
            yield from _names(ast.iter_child_nodes(node))


def _reads_like_requirements(text: bytes) -> bool:
    lines: Set[str] = {line for line in text.decode("utf-8", "replace").splitlines() if line.strip()}
    return bool(lines) and all(_REQUIREMENT.fullmatch(line) for line in lines)
