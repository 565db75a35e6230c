"""Running the user's Python in a command: what it prints stays out of the result, our warnings are lines."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import runpy
import sys
import traceback
import types
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import click

from launch.errors import InvalidBundleError, LaunchWarning
from launch.packing.notebook import NOTEBOOK, notebook_code
from launch.packing.pickles.module_origin import is_own

SOURCE = "model_bundle_source"  # the name of the module that a file is run as
_imported: List[str] = []


def run_file(file: Path) -> Dict[str, Any]:
    """What the file, or the code of a notebook, defines. It is not a module that could be imported, so its functions
    are pickled by value."""
    if not file.is_file():
        raise InvalidBundleError(f"there is no file {file}")
    if file.suffix == NOTEBOOK:
        text = notebook_code(file)
        return _run(str(file), file.resolve().parent, lambda: _executed(text, str(file)))
    return _run(str(file), file.resolve().parent, lambda: runpy.run_path(str(file), run_name=SOURCE))


def run_module(name: str) -> Dict[str, Any]:
    """What the module defines, imported as `python -m` would find it: from the working directory too."""
    return _run(name, Path.cwd(), lambda: dict(vars(importlib.import_module(name))))


def modules_of_the_run() -> Dict[str, types.ModuleType]:
    """The user's own modules that the last run imported from the directory of its file, by name."""
    return {name: sys.modules[name] for name in _imported if name in sys.modules}


def _run(shown: str, directory: Path, run: Callable[[], Dict[str, Any]]) -> Dict[str, Any]:
    for name in _imported:  # as they are now, not as an earlier run found them
        sys.modules.pop(name, None)
    _imported.clear()
    importlib.invalidate_caches()
    before, arguments, unwritten = set(sys.modules), sys.argv, sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # it is known by the second: a change within one would be missed
    sys.path.insert(0, str(directory))
    sys.argv = [shown]  # a script that reads arguments gets none of ours
    try:
        return run()
    except SystemExit as error:
        raise InvalidBundleError(
            f"running {shown} ended in sys.exit({'' if error.code is None else repr(error.code)}), so it has made no "
            'bundle: put what is a program of its own below `if __name__ == "__main__":`'
        ) from error
    except Exception as error:
        raise InvalidBundleError(f"running {shown} raised {type(error).__name__}: {error}{_line(error)}") from error
    finally:
        sys.argv, sys.dont_write_bytecode = arguments, unwritten
        with contextlib.suppress(ValueError):  # the user's code has taken it out
            sys.path.remove(str(directory))
        _imported.extend(name for name in set(sys.modules) - before if _is_below(sys.modules[name], directory))


def _executed(text: str, shown: str) -> Dict[str, Any]:
    module = types.ModuleType(SOURCE)
    module.__file__ = shown
    sys.modules[SOURCE] = module  # dataclasses look for the module of a class there
    try:
        exec(compile(text, shown, "exec"), vars(module))
    finally:
        del sys.modules[SOURCE]
    return dict(vars(module))


def _is_below(module: Any, directory: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and directory in Path(file).resolve().parents and is_own(module.__name__)


def _line(error: Exception) -> str:
    """Where in the user's code it was raised: the last line that is in no package."""
    lines = [entry for entry in traceback.extract_tb(error.__traceback__) if _is_users(entry.filename)]
    return f" (line {lines[-1].lineno} of {lines[-1].filename})" if lines else ""


def _is_users(file: str) -> bool:
    ours = str(Path(__file__).resolve().parent)
    installed = "site-packages" in file or "dist-packages" in file or file.startswith(str(Path(os.__file__).parent))
    return not (installed or file.startswith(("<", ours)))


@contextlib.contextmanager
def printing_to_stderr() -> Iterator[None]:
    """Standard output is for the command's result: meanwhile it is standard error, to processes and C code too."""
    stdout = sys.stdout
    stdout.flush()
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError):  # one of them is closed
            kept = os.dup(1)
            undo.callback(os.close, kept)
            os.dup2(2, 1)
            undo.callback(os.dup2, kept, 1)
            undo.callback(_flush_c)
        undo.callback(stdout.flush)
        undo.enter_context(contextlib.redirect_stdout(sys.stderr))
        yield


def _flush_c() -> None:
    """What C code has printed and its library keeps until the process ends."""
    with contextlib.suppress(Exception):
        ctypes.CDLL(None).fflush(None)


@contextlib.contextmanager
def warnings_as_lines() -> Iterator[None]:
    """Our own warnings are one line each; those of the user's libraries stay as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", LaunchWarning)
        shown = warnings.showwarning

        def show(message: Any, category: Any, *where: Any, **more: Any) -> None:
            if issubclass(category, LaunchWarning):
                click.echo(f"Warning: {message}", err=True)
            else:
                shown(message, category, *where, **more)

        warnings.showwarning = show
        yield
