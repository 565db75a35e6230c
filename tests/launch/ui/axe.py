"""axe-core, out of npm's registry into a cache of this machine: rules of accessibility, asked of a page as it is."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.launch.ui.browser import Browser

PACKAGE = "axe-core@4.14.1"


@functools.cache
def axe() -> str:
    """Its script; a test without npm or its registry is skipped."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "model-bundles" / "npm"
    file = cache / (PACKAGE.replace("@", "-") + ".tgz")
    if not file.exists():
        if not shutil.which("npm"):
            pytest.skip(f"there is no npm on this machine, which brings {PACKAGE}")
        cache.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["npm", "pack", PACKAGE], cwd=cache, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"npm did not bring {PACKAGE}: {done.stderr[-300:]}")
    with tarfile.open(file) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()


def violations(browser: Browser) -> list:
    """Rule and place of each."""
    browser.run(f"{axe()};1")
    found = browser.run(
        "axe.run().then(r => r.violations.map(v => [v.id, v.nodes.map(n => n.html + n.failureSummary)]))"
    )
    assert browser.run("axe.run().then(r => r.passes.length)") > 10, "it looked"
    return list(found)
