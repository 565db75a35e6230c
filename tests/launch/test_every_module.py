"""Every module of the client, and of what a bundle is, can be imported by each Python that users have."""

from __future__ import annotations

import subprocess

import pytest

from tools.testkit.environments import python_with_client
from tools.testkit.page_blocks import ROOT

PYTHONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
IMPORT_ALL = """
import importlib, pkgutil
import bundle_spec, launch
names = [module.name for package in (bundle_spec, launch)
         for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


@pytest.mark.parametrize("series", PYTHONS)
def test_every_module_can_be_imported(series: str) -> None:
    python = python_with_client(series)
    done = subprocess.run(
        [python, "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
