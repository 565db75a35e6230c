"""A Python that is too old says so, in a report like any other, before anything else can fail in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from bundle_runtime.advice.row import START, Symptom, World, fits, worded
from bundle_runtime.advice.table import TABLE
from tools.testkit.pythons import python_of
from tools.testkit.worker_runtime import put_runtime


@pytest.mark.parametrize("module", ["bundle_runtime.worker", "bundle_runtime.worker.install"])
@pytest.mark.parametrize("version", ["3.6", "3.7"])
def test_it_is_told_first(tmp_path: Path, version: str, module: str) -> None:
    python = python_of(version)
    put_runtime(tmp_path / "runtime")
    report = tmp_path / "report"
    environment = {"PATH": os.environ["PATH"], "MODELBUNDLE_TERMINATION_LOG": str(report)}
    done = subprocess.run(
        [python, "-m", module], cwd=tmp_path / "runtime", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    said = json.loads(report.read_text())
    assert said["reason"] == "PythonMismatch"
    assert f"PythonMismatch: {said['message']}\n" == done.stderr, "no traceback"
    found = said["message"].partition("Python is ")[2].partition(",")[0]
    assert found.startswith(f"{version}.")
    row = next(row for row in TABLE if row.code == "python-too-old")
    symptom = Symptom(START, f"needs Python 3.8 or newer, the image has {found}")
    values = fits(row, symptom, World())
    assert values is not None
    assert said["message"] == worded(row, values, World()).text, (
        "one text in two places: this one runs where no table can"
    )
