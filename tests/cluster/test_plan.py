"""`modelbundle plan` on a real cluster: what fits, what does not, and what the API server refuses; nothing is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from launch.bundle.manifest import dump
from tools.testkit.kubectl import list_all
from tools.testkit.model_bundles import ARTIFACT, model_bundle
from tools.testkit.place import ROOT

CLAIM = {**ARTIFACT, "uri": "pvc://weights/sentiment.pkl"}


def manifest(**serving: Any) -> dict[str, Any]:
    made = model_bundle("planned", serving=serving, artifact=CLAIM, requestSchema=None, responseSchema=None)
    return {**made, "metadata": {"name": "planned"}}


def plan(namespace: str, file: Path, asked: dict[str, Any]) -> tuple[int, dict[str, dict[str, Any]]]:
    file.write_text(dump(asked))
    command = [sys.executable, "-m", "launch.cli", "plan", str(file), "-n", namespace, "-o", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, {line["about"]: line for line in json.loads(done.stdout)["lines"]}


@pytest.mark.usefixtures("operator")
def test_what_fits_what_does_not_and_what_is_refused(namespace: str, tmp_path: Path) -> None:
    file = tmp_path / "planned.yaml"
    _, found = plan(namespace, file, manifest(gpu={"count": 0}))
    assert found["asked"]["says"] == "admitted (server-side dry run)", found
    assert {name for name, line in found.items() if line["answer"] == "unknown"} == {"artifact"}, found
    assert found["node"]["says"].startswith("a pod asks for 0.3 cpu, 640Mi memory; ")  # others may fill the node

    code, found = plan(namespace, file, manifest(gpu={"count": 1, "resourceName": "example.com/none"}))
    assert code == 1
    assert "no example.com/none, 1 needed" in found["node"]["says"]
    assert "a Job without a GPU tries" in found["precheck"]["says"]

    unknown = manifest(gpu={"count": 0})
    unknown["metadata"]["labels"] = {"not a label": "x"}
    code, found = plan(namespace, file, unknown)
    assert code == 1
    assert "not a label" in found["asked"]["says"]
    assert list_all("modelbundles", namespace) == []
