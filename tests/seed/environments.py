"""Scripts in an environment that has this checkout's distribution first on its path, and its `client` extra."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

SERIES = "3.8"
TIMED_OUT = 124
PYDANTICS = {"pydantic 1": "pydantic<2", "pydantic 2": "pydantic>=2.10,<2.11"}  # 2.10 is the last for 3.8


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Environment:
    python: Path
    distribution: Path

    def run(self, script: Path, *words: str, variables: dict[str, str] | None = None, timeout: float = 720) -> Done:
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
