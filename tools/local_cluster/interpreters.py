"""The CPythons of the stand-in images: what the machine has (pyenv's), else uv's own builds."""

import contextlib
import os
import shutil
from pathlib import Path

from tools.local_cluster import store
from tools.local_cluster.debian import pip_command
from tools.local_cluster.errors import ClusterError
from tools.local_cluster.progress import step
from tools.local_cluster.shell import run

# tests, other interpreters' packages and desktop toolkits: not what a base image has
_LEFT_OUT = (
    "test",
    "tests",
    "idlelib",
    "tkinter",
    "turtledemo",
    "lib2to3",
    "ensurepip",
    "site-packages",
    "__pycache__",
    "*.a",
    "pkgconfig",
)


def find(series: str) -> Path:
    """The installation directory of CPython `series`, such as 3.8."""
    base = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    with contextlib.suppress(PermissionError):  # another user's pyenv, as after sudo
        for candidate in sorted(base.glob(f"{series}.*"), reverse=True):
            if (candidate / "bin" / f"python{series}").exists() and not (candidate / "pyvenv.cfg").exists():
                return candidate
    return _from_uv(series)


def copy(installation: Path, series: str, target: Path) -> None:
    """The parts of an installation that run programs."""
    (target / "bin").mkdir(parents=True)
    shutil.copy2(installation / "bin" / f"python{series}", target / "bin")
    for name in ("python3", "python"):
        (target / "bin" / name).symlink_to(f"python{series}")
    (target / "lib").mkdir()
    for library in installation.glob("lib/libpython*.so*"):
        shutil.copy2(library, target / "lib", follow_symlinks=False)
    ignore = shutil.ignore_patterns(*_LEFT_OUT)
    shutil.copytree(
        installation / "lib" / f"python{series}", target / "lib" / f"python{series}", symlinks=True, ignore=ignore
    )
    (target / "lib" / f"python{series}" / "site-packages").mkdir()


def _from_uv(series: str) -> Path:
    home = store.root() / "pythons"
    tool = home / "uv"
    environment = {"PYTHONPATH": str(tool), "UV_PYTHON_INSTALL_DIR": str(home / "installed"), "UV_NO_CONFIG": "1"}
    with step(f"installing CPython {series} with uv", "20 s"):
        if not (tool / "bin" / "uv").exists():
            run([*pip_command(), "install", "--quiet", "--target", tool, "uv"])
        try:
            run([tool / "bin" / "uv", "python", "install", series], env=environment)
        except ClusterError as error:
            raise ClusterError(
                f"no CPython {series} for the stand-in image: pyenv has none, and uv fetches none ({error.what})",
                f"install one with `pyenv install {series}`, then run the same command again",
            ) from error
    found = sorted((home / "installed").glob(f"cpython-{series}.*"))
    return found[-1].resolve()
