"""Environments of other Pythons and package versions, kept in the user's cache so that a test run makes each once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from local_cluster import interpreters, store
from local_cluster.progress import step

_UV = Path(sys.executable).with_name("uv")


def python_with(series: str, *packages: str) -> Path:
    """The interpreter of an environment of CPython `series` that has these packages, and theirs."""
    home = store.root() / "environments"
    target = home / f"{series}-{store.fingerprint([series, *packages])}"
    with store.locked(home / "lock", "it makes an environment for the tests"):
        if not (target / "complete").exists():
            with step(f"making an environment of CPython {series} with {', '.join(packages)}", "5 s, once"):
                interpreter = interpreters.find(series) / "bin" / f"python{series}"
                _uv("venv", "--clear", "--python", interpreter, target)
                _uv("pip", "install", "--python", target, *packages)
                (target / "complete").touch()
    return target / "bin" / "python"


def _uv(*words: str | Path) -> None:
    done = subprocess.run([_UV, "--no-config", *words], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(map(str, words))}:\n{done.stderr}")
