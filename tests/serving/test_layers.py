"""A worker whose requirements are a layer imports from it as from a directory that was installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.serving.conftest import Served
from tools.testkit.pythons import VERSIONS, python_of

PREDICT = """
import shutil, subprocess
import installed, beside

def predict(what):
    if what == "raise":
        return installed.down(9)
    return [installed.VALUE, installed.__file__, beside.VALUE, subprocess.check_output(["tool"]).decode().strip()]
"""
PACKAGE = """
VALUE = "of the layer"

def down(steps):
    if not steps:
        raise ValueError("deep")
    return down(steps - 1)
"""


def put(tree: Path) -> None:
    """A package, a path file that adds a directory, and a program."""
    (tree / "below").mkdir(parents=True)
    (tree / "bin").mkdir()
    (tree / "installed.py").write_text(PACKAGE)
    (tree / "paths.pth").write_text("below\n")
    (tree / "below/beside.py").write_text("VALUE = 'by its path file'\n")
    (tree / "bin/tool").write_text("#!/bin/sh\necho found\n")
    (tree / "bin/tool").chmod(0o755)


@pytest.mark.parametrize("version", VERSIONS)
def test_requirements_are_imported_from_the_layer(bundle: Served, version: str) -> None:
    pair = bundle(PREDICT, {"artifact": {"pythonVersion": version}}, python=python_of(version), tracebacks=True)
    tree = pair.root / "layer/requirements"
    put(tree)
    (pair.root / "requirements").mkdir()
    (pair.root / "requirements/.from-layer").write_text("sha256:" + "ab" * 32)
    pair.start()
    assert pair.predict(what="").json == ["of the layer", str(tree / "installed.py"), "by its path file", "found"]
    failed = pair.predict(what="raise")
    assert "predict.py" in failed.body.decode(), "of the lines shown one is of the author's code, however deep"


def test_a_layer_that_install_did_not_take_is_not_imported(bundle: Served) -> None:
    pair = bundle(PREDICT)
    put(pair.root / "layer/requirements")
    put(pair.root / "requirements")
    pair.start()
    assert pair.predict(what="").json[1] == str(pair.root / "requirements/installed.py")
