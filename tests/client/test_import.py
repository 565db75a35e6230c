"""`import launch` costs a notebook little, and needs none of the client's libraries before they are used."""

from __future__ import annotations

import re
import subprocess
import sys

HEAVY = ("boto3", "botocore", "kubernetes", "urllib3", "pydantic", "cloudpickle", "yaml", "numpy")
MILLISECONDS = 150


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True)


def _cumulative() -> float:
    """Milliseconds that `import launch` takes beyond what Python itself imports."""
    printed = _run("-X", "importtime", "-c", "import launch").stderr
    found = re.findall(r"^import time:\s+\d+ \|\s+(\d+) \| launch$", printed, re.MULTILINE)
    assert len(found) == 1, printed
    return int(found[0]) / 1000


def test_import_takes_at_most_150_ms_beyond_bare_python() -> None:
    _cumulative()  # bytecode is written once
    assert min(_cumulative() for _ in range(3)) <= MILLISECONDS


def test_neither_importing_nor_constructing_loads_the_libraries() -> None:
    program = "import sys, launch\nlaunch.LaunchClient(api_key=None)\nprint(*sys.modules)"
    loaded = {name.partition(".")[0] for name in _run("-c", program).stdout.split()}
    assert "launch" in loaded
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)
