"""Python 3.8 with pydantic 1.10 or 2, with this checkout's distribution and its `client` extra.

What the distribution needs is kept in the user's cache, by a hash of pyproject.toml; the distribution itself is built
from the checkout each time and comes first on the path, so that no stale copy of it is ever tested.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local_cluster import interpreters, store
from local_cluster.progress import step
from tests.docs.blocks import ROOT

SERIES = "3.8"
TIMED_OUT = 124
PYDANTICS = {"pydantic 1": "pydantic>=1.10,<2", "pydantic 2": "pydantic>=2.10,<2.11"}  # 2.10 is the last for 3.8
_UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    python: Path
    distribution: Path

    def run(self, script: Path, *words: str, variables: dict[str, str] | None = None, timeout: float = 480) -> Done:
        """`python script words...` in the script's directory, and nothing of this process' Python with it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
        with subprocess.Popen(
            [self.python, script, *words],
            cwd=script.parent,
            env={**kept, "PYTHONPATH": str(self.distribution), **(variables or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                out, err = process.communicate()  # what it said so far tells where it hung
                return Done(TIMED_OUT, out, f"{err}\nended by the tests: not done in {timeout:g} s")
        return Done(process.returncode, out, err)


def distribution(into: Path) -> Path:
    """The checkout's wheel, built and unpacked, with the path of what is in it."""
    _uv("build", "--wheel", "--out-dir", into / "wheel", "--python", sys.executable, ROOT)
    (wheel,) = (into / "wheel").glob("*.whl")
    _uv("pip", "install", "--no-deps", "--python", sys.executable, "--target", into / "site", wheel)
    return into / "site"


def python_with(pydantic: str) -> Path:
    """The interpreter of the kept environment, which is made when it is not there."""
    home = store.root() / "seed"
    wanted: list[str | bytes] = [SERIES, PYDANTICS[pydantic], (ROOT / "pyproject.toml").read_bytes()]
    target = home / f"{pydantic.replace(' ', '-')}-{store.fingerprint(wanted)}"
    with store.locked(home / "lock", f"it makes an environment with {pydantic}"):
        if not (target / "complete").exists():
            with step(f"making an environment of Python {SERIES} with {pydantic}", "10 s, once"):
                _make(target, PYDANTICS[pydantic])
    return target / "bin" / "python"


def _make(target: Path, pydantic: str) -> None:
    interpreter = interpreters.find(SERIES) / "bin" / f"python{SERIES}"
    _uv("venv", "--clear", "--python", interpreter, target)
    _uv("pip", "install", "--python", target, f"{ROOT}[client]", pydantic, "typing_extensions")
    _uv("pip", "uninstall", "--python", target, "model-bundles")
    (target / "complete").touch()


def _uv(*words: str | Path) -> None:
    done = subprocess.run([_UV, "--no-config", *words], capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise RuntimeError(f"uv {' '.join(map(str, words))}:\n{done.stderr}")
