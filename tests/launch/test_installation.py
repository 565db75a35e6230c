"""The client's lines of installation can be resolved on every Python that it is for, with pydantic 1 and with 2.

Asked of the package index's own packages: by uv for each Python, by pip for the one that these tests run under.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tools.testkit.environments import CLIENT, interpreter, uv
from tools.testkit.page_blocks import ROOT

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
LINES = {"pip install 'model-bundles[client]'": [], "pip install 'model-bundles[client]' 'pydantic<2'": ["pydantic<2"]}
LAST_FOR_PYDANTIC_1 = 36  # of kubernetes


def resolved(python: Path, directory: Path, resolution: str, *requirements: str) -> dict[str, str]:
    """The version of each package; RuntimeError tells why there are none."""
    asked = directory / "requirements.in"
    asked.write_text("\n".join(requirements))
    printed = uv(
        "pip", "compile", "--no-header", "--no-annotate", "--resolution", resolution, "--python", python, asked
    )
    return dict(re.findall(r"^([\w-]+)==(\S+)$", printed, re.MULTILINE))


@pytest.mark.parametrize("line", LINES)
def test_the_page_tells_the_line(line: str) -> None:
    assert f"`{line}`" in (ROOT / "docs" / "how-to" / "launch-client.md").read_text()


@pytest.mark.parametrize("resolution", ["highest", "lowest-direct"])
@pytest.mark.parametrize("series", PYTHONS)
@pytest.mark.parametrize("line", LINES)
def test_it_can_be_resolved(tmp_path: Path, series: str, line: str, resolution: str) -> None:
    found = resolved(interpreter(series), tmp_path, resolution, CLIENT, *LINES[line])
    assert "kubernetes" in found
    if LINES[line]:
        assert int(found["pydantic"].split(".")[0]) < 2
        assert int(found["kubernetes"].split(".")[0]) <= LAST_FOR_PYDANTIC_1


def test_beside_the_operator_it_takes_what_the_operator_needs(tmp_path: Path) -> None:
    both = f"{ROOT}[client,operator]"
    assert int(resolved(Path(sys.executable), tmp_path, "highest", both)["kubernetes"].split(".")[0]) >= 37
    with pytest.raises(RuntimeError, match="No solution found"):  # so the resolver is one that says no
        resolved(Path(sys.executable), tmp_path, "highest", both, "pydantic<2")


def test_pip_resolves_it_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run([*command, CLIENT, "pydantic<2"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {item["metadata"]["name"]: item["metadata"]["version"] for item in json.loads(done.stdout)["install"]}
    assert found["pydantic"].startswith("1.")
    assert int(found["kubernetes"].split(".")[0]) <= LAST_FOR_PYDANTIC_1
