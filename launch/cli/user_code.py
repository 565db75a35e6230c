"""Running the user's Python in a command: what it prints stays out of the result, our warnings are lines."""

from __future__ import annotations

import contextlib
import ctypes
import os
import runpy
import sys
import warnings
from pathlib import Path
from typing import Any, Dict, Iterator

import click

from launch.errors import InvalidBundleError, LaunchWarning


def run_file(file: Path) -> Dict[str, Any]:
    """What the file defines. It is not a module that could be imported, so its functions are pickled by value."""
    if not file.is_file():
        raise InvalidBundleError(f"there is no file {file}")
    sys.path.insert(0, str(file.resolve().parent))
    try:
        return runpy.run_path(str(file), run_name="model_bundle_source")
    except SystemExit as error:
        raise InvalidBundleError(
            f"running {file} ended in sys.exit({'' if error.code is None else repr(error.code)}), so it has made no "
            'bundle: put what is a program of its own below `if __name__ == "__main__":`'
        ) from error
    except Exception as error:
        raise InvalidBundleError(f"running {file} raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)


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
