"""Other model servers beside ours: each in an environment of its own, started and stopped as a process.

The environments are made from the newest releases when they are not there, below ~/.cache/model-bundles/bench (hundreds
of MB, kept).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "model-bundles/bench"


class PeerError(Exception):
    """A server that could not be started; the text has the end of its log."""


def environment(name: str, *packages: str) -> Path:
    """The Python of the environment of that name, which has the packages (else the package of its name)."""
    home = CACHE / name
    python = home / "bin/python"
    complete = home / "complete"
    wanted = " ".join(packages or (name,))
    if not complete.exists() or complete.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        uv = Path(sys.executable).with_name("uv")
        install = [str(uv), "pip", "install", "--quiet", "--python", str(python), *wanted.split()]
        subprocess.run(install, check=True)
        complete.write_text(wanted)
    return python


def version_of(python: Path, package: str) -> str:
    ask = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run([str(python), "-c", ask], capture_output=True, text=True, check=True).stdout.strip()


@contextlib.contextmanager
def running(
    command: list[str], root: Path, answers: Callable[[], bool], variables: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The process, from when `answers` is true; it has `root` as directory and on its path, and its log in root/log."""
    with open(root / "log", "wb") as log:
        settings = {**os.environ, "PYTHONPATH": str(root), **(variables or {})}
        process = subprocess.Popen(command, cwd=root, stdout=log, stderr=log, env=settings)
    try:
        deadline = time.monotonic() + 120
        while not _true(answers):
            if process.poll() is not None or time.monotonic() > deadline:
                ended = "does not answer" if process.poll() is None else f"ended with {process.returncode}"
                raise PeerError(f"{command[0]} {ended}: {(root / 'log').read_text()[-2000:]}")
            time.sleep(0.01)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _true(answers: Callable[[], bool]) -> bool:
    """A server that does not listen yet does not answer."""
    try:
        return answers()
    except OSError:
        return False


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
