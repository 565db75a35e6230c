"""The wheels that are made: their size, and that they can be installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import uv

from tools.benchmarks.cold_start.contents import MODULES
from tools.benchmarks.cold_start.wheels import MIB, make_large


def test_they_have_the_size_that_was_asked_for_and_are_imported_once_installed(tmp_path: Path) -> None:
    wheels, site = tmp_path / "wheels", tmp_path / "site"
    wheels.mkdir()
    make_large(wheels, 50)
    made = sorted(wheels.glob("*.whl"))
    assert [wheel.name.partition("-")[0] for wheel in made] == sorted(MODULES)
    assert sum(wheel.stat().st_size for wheel in made) / MIB == pytest.approx(50, rel=0.03)
    command = [uv.find_uv_bin(), "pip", "install", "-q", "--no-index", "--python", sys.executable, "--target", site]
    subprocess.run([*command, *made], check=True)
    program = f"import {', '.join(MODULES)}"
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": str(site)})
