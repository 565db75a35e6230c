"""What is wrong with an artifact and shows without running any of it, so that no GPU is taken to find it.

Never stricter than a load: what only may fail there passes here. So a pickle is walked over, each step skipped with
what belongs to it, and of a zip's modules only those are read that lie in the zip itself.
"""

from __future__ import annotations

import ast
import importlib.util
import os
import pickle
import pickletools
import re
import sys
import time
from typing import BinaryIO

from bundle_runtime.contract.layout import Layout
from bundle_runtime.worker.load.load import import_failed, no_function, no_module, not_dotted, unpickling_failed
from bundle_spec.document import BundleDocument

_SECONDS = 1.0  # a list of a million numbers is as many steps
_STEPS = 5000
_CUT_OFF = "pickle data was truncated"
# how many bytes a step has beside its code; less than 0 where it tells that itself
_KINDS = {step.code.encode("latin-1"): step.arg.n if step.arg else 0 for step in pickletools.opcodes}
_LENGTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
# by any of these a module may have a name that does not stand in it
_MAY_BRING_NAMES = re.compile(
    r"import\s*\(?\s*\*|__getattr__|globals|locals|vars|setattr|exec|eval|__dict__|sys\.modules"
)


def check_artifact(layout: Layout, document: BundleDocument) -> None:
    """Raises what a load would."""
    if document["artifact"].get("packaging") != "zip":
        _check_pickle(layout.pickle_file)
        return
    for field in ("loadPredictFn", "loadModelFn"):
        path = document.get(field)
        if path or field == "loadPredictFn":
            _check_function(layout, document, str(path or ""), field)


def _check_pickle(path: str) -> None:
    try:
        with open(path, "rb") as file:
            _walk(file, os.path.getsize(path))
    except OSError:
        return  # whatever it is, it is not about the pickle
    except (pickle.UnpicklingError, EOFError, ValueError) as error:
        raise unpickling_failed(error) from error


def _walk(file: BinaryIO, size: int) -> None:
    """Raises as pickle.load does where a step is none, or the file ends before the last one. What goes on for longer
    than a moment passes: a start is not to wait for this."""
    deadline = time.monotonic() + _SECONDS
    if not size:
        raise EOFError("Ran out of input")
    read = file.read
    while time.monotonic() < deadline:
        for _ in range(_STEPS):
            code = read(1)
            if code == b".":
                return
            kind = _KINDS.get(code)
            if kind is None:
                raise pickle.UnpicklingError(f"invalid load key, {code!r}" if code else _CUT_OFF)
            if code in (pickle.PERSID, pickle.BINPERSID):  # how every zip begins
                raise pickle.UnpicklingError("it names an object that is kept elsewhere (a persistent id)")
            if kind > 0:
                if len(beside := read(kind)) < kind:
                    raise pickle.UnpicklingError(_CUT_OFF)
                if code == pickle.PROTO and beside[0] > pickle.HIGHEST_PROTOCOL:
                    raise ValueError(f"unsupported pickle protocol: {beside[0]}")
            elif kind < 0:
                _skip(file, size, kind, 2 if code in (pickle.GLOBAL, pickle.INST) else 1)


def _skip(file: BinaryIO, size: int, kind: int, lines: int) -> None:
    """What a step has beside its code: lines, or as many bytes as a length in front says."""
    if kind == pickletools.UP_TO_NEWLINE:
        if not all(file.readline().endswith(b"\n") for _ in range(lines)):
            raise pickle.UnpicklingError(_CUT_OFF)
        return
    length = int.from_bytes(file.read(_LENGTHS[kind]), "little")
    if length > size - file.tell():
        raise pickle.UnpicklingError(_CUT_OFF)
    file.seek(length, os.SEEK_CUR)


def _check_function(layout: Layout, document: BundleDocument, path: str, field: str) -> None:
    module, _, name = path.rpartition(".")
    if not module:
        raise not_dotted(path, field)
    top = module.partition(".")[0]
    if not _lies_in(layout.artifact_dir, top):
        if not document.get("requirements") and not _is_of_image(top):
            raise no_module(layout, path, field, top)
        return
    place = os.path.join(layout.artifact_dir, *module.split("."))
    file = f"{place}.py" if os.path.exists(f"{place}.py") else os.path.join(place, "__init__.py")
    source = _source(file)
    if top in sys.modules or source is None:
        return
    try:
        tree = ast.parse(source, file)
        compile(tree, file, "exec", 0, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise import_failed(module, error) from error
    except (RecursionError, MemoryError):
        return
    text = source.decode("utf-8", "replace")
    if name not in text and name.isascii() and not _MAY_BRING_NAMES.search(text):
        functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = [each.name for each in tree.body if isinstance(each, functions)]
        raise no_function(path, field, module, name, [each for each in found if not each.startswith("_")])


def _lies_in(directory: str, top: str) -> bool:
    try:
        return any(entry.partition(".")[0] == top for entry in os.listdir(directory))
    except OSError:
        return True


def _is_of_image(top: str) -> bool:
    """Found without an import, as it has no dot. What looks for modules may be the image's own."""
    try:
        return top in sys.modules or importlib.util.find_spec(top) is not None
    except Exception:
        return True


def _source(path: str) -> bytes | None:
    """None where there is none, or where compiled code beside it would be taken in its place."""
    if os.path.isdir(os.path.join(os.path.dirname(path), "__pycache__")):
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
