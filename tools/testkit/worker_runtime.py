"""The worker's own files, as prepare puts them into a pod."""

from __future__ import annotations

import atexit
import compileall
import functools
import os
import shutil
import sys
import tempfile
from pathlib import Path

from bundle_runtime.prepare.place import copy_sources
from tools.testkit.place import ROOT


def put_runtime(directory: Path, checkout: Path = ROOT) -> None:
    """What prepare puts in place for the worker; from another checkout, whose prepare knows other files, all of it."""
    if checkout == ROOT:
        shutil.copytree(_ours(), directory, copy_function=_link)
        return
    copy_sources(directory, directory / "vendor")
    for package in ("bundle_runtime", "bundle_spec"):
        shutil.rmtree(directory / package, ignore_errors=True)
        if (checkout / package).is_dir():
            shutil.copytree(checkout / package, directory / package)


@functools.cache
def _ours() -> Path:
    """Compiled for this Python, which else each of some hundred workers would do anew."""
    directory = Path(tempfile.mkdtemp(prefix="worker-runtime-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    copy_sources(directory, directory / "vendor")
    elsewhere, sys.pycache_prefix = sys.pycache_prefix, None  # the workers look beside the sources
    try:
        compileall.compile_dir(directory, quiet=2)
    finally:
        sys.pycache_prefix = elsewhere
    return directory


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)
