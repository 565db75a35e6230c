"""The CPythons that a worker may run under, as far as this machine has them: none is installed for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")


def interpreter(version: str) -> str | None:
    """From pyenv where there is one, else from PATH."""
    pyenv = shutil.which("pyenv")
    if pyenv:
        root = Path(subprocess.run([pyenv, "root"], capture_output=True, text=True, check=True).stdout.strip())
        found = sorted(root.glob(f"versions/{version}.*/bin/python{version}"))
        if found:
            return str(found[-1])
    return shutil.which(f"python{version}")


def python_of(version: str) -> str:
    """The same; skips the test where the machine has none."""
    python = interpreter(version)
    if python is None:
        pytest.skip(f"needs a CPython {version}: none in pyenv, no python{version} in PATH")
    return python


def oldest() -> str:
    """The one that WORKER_PYTHON names, else the oldest that is here."""
    return os.environ.get("WORKER_PYTHON") or interpreter(VERSIONS[0]) or sys.executable
