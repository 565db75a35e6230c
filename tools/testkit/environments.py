"""Environments of other Pythons and package versions, kept in the user's cache so that a test run makes each once.

The distribution itself is never kept: it is built from the checkout each time, so that no stale copy is ever tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.local_cluster import interpreters, store
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.progress import step

ROOT = Path(__file__).resolve().parents[2]
CLIENT = f"{ROOT}[client]"  # as `model-bundles[client]` is at the index
SERVER = f"{ROOT}[client,runtime]"
IN_EXAMPLES = pytest.mark.skipif(
    not os.environ.get("MODELBUNDLE_EXAMPLES"), reason="takes long: make examples (MODELBUNDLE_EXAMPLES=1)"
)
_UV = Path(sys.executable).with_name("uv")


def interpreter(series: str) -> Path:
    """CPython `series` itself; where the machine has none and gets none the test is skipped, and says so."""
    try:
        return interpreters.find(series) / "bin" / f"python{series}"
    except ClusterError as error:
        pytest.skip(f"needs CPython {series}: {error}")


def python_with(series: str, *packages: str) -> Path:
    """The interpreter of an environment of CPython `series` that has these packages, and theirs."""
    return _kept(series, packages, "highest")


def python_with_server(series: str, *packages: str) -> Path:
    """The same with what `modelbundle serve` needs beside it."""
    return _kept(series, (SERVER, *packages), "highest")


def python_with_client(series: str, *packages: str, resolution: str = "highest") -> Path:
    """The same with what the `client` extra brings: `uv`'s resolution "lowest-direct" is its lowest versions."""
    return _kept(series, (CLIENT, *packages), resolution)


def distribution(into: Path) -> Path:
    """The checkout's wheel, built and unpacked: a directory for PYTHONPATH."""
    uv("build", "--wheel", "--out-dir", into / "wheel", "--python", sys.executable, ROOT)
    (wheel,) = (into / "wheel").glob("*.whl")
    uv("pip", "install", "--no-deps", "--python", sys.executable, "--target", into / "site", wheel)
    return into / "site"


def uv(*words: str | Path) -> str:
    """What it printed."""
    done = subprocess.run([_UV, "--no-config", *words], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(map(str, words))}:\n{done.stderr}")
    return done.stdout


def _kept(series: str, packages: tuple[str, ...], resolution: str) -> Path:
    home = store.root() / "environments"
    ours = [package for package in packages if package in (CLIENT, SERVER)]
    wanted: list[str | bytes] = [series, resolution, *packages]
    if ours:
        wanted.append((ROOT / "pyproject.toml").read_bytes())
    target = home / f"{series}-{store.fingerprint(wanted)}"
    with store.locked(home / "lock", "it makes an environment for the tests"):
        if not (target / "complete").exists():
            named = ", ".join(packages).replace(str(ROOT), "model-bundles")
            with step(f"making an environment of CPython {series} with {named}", "10 s, once"):
                uv("venv", "--clear", "--python", interpreter(series), target)
                uv("pip", "install", "--resolution", resolution, "--python", target, *packages)
                if ours:
                    uv("pip", "uninstall", "--python", target, "model-bundles")
                (target / "complete").touch()
    return target / "bin" / "python"
