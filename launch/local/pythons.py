"""Finds a Python of a given version on this machine.

A pickle loads only under the Python minor version that wrote it, so `modelbundle serve` and the examples' packer need
the one that the bundle names, and rarely is it the one they run under.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence

from launch.api.interruption import held


class NoSuchPythonError(LookupError):
    """No interpreter of the version; the text says how to get one."""


def find_python(version: str) -> str:
    """The path of an interpreter whose major.minor is `version`'s."""
    wanted = ".".join(version.split(".")[:2])
    if not re.fullmatch(r"\d+\.\d+", wanted):
        raise NoSuchPythonError(f"{version!r} is not a Python version like 3.11")
    for candidate in _candidates(wanted):
        if version_of(candidate) == wanted:
            return candidate
    raise NoSuchPythonError(
        f"no Python {wanted} on this machine: install one (`uv python install {wanted}`, or pyenv), or name one with "
        "--python PATH"
    )


def version_of(python: str) -> Optional[str]:
    """major.minor of an interpreter; None where it does not run (pyenv has shims of versions that are not active)."""
    if Path(python).resolve() == Path(sys.executable).resolve():
        return "{}.{}".format(*sys.version_info[:2])
    return _printed([python, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])


def _printed(command: Sequence[str]) -> Optional[str]:
    """What a short command prints; None where it fails or takes longer than 20 s."""
    process = None
    try:
        with held():  # an interruption between the child's start and our knowing it would leave the child
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        printed, _ = process.communicate(timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:  # also when the held interruption is raised, which is before the output is read
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
    return printed.decode().strip() if process.returncode == 0 else None


def _candidates(wanted: str) -> Iterator[str]:
    yield sys.executable
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(directory or ".", f"python{wanted}")
        if path.is_file() and os.access(path, os.X_OK):
            yield str(path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    yield from _newest((pyenv / "versions").glob(f"{wanted}*/bin/python{wanted}"))
    yield from _managed_by_uv(wanted)


def _newest(paths: Iterable[Path]) -> List[str]:
    return sorted(map(str, paths), key=lambda path: [int(part) for part in re.findall(r"\d+", path)], reverse=True)


def _managed_by_uv(wanted: str) -> Iterator[str]:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is None:
        return
    command = [uv, "python", "find", "--managed-python", "--no-python-downloads", "--no-project", wanted]
    found = _printed(command)
    if found:
        yield found
