"""examples/kustomize: the bundle is named after its content, and what names it follows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from launch.cli.commands import cli
from tests.chart.conftest import ROOT
from tools.local_cluster import golang

EXAMPLE = ROOT / "examples/kustomize"


@pytest.fixture(scope="module")
def built() -> list[dict[str, Any]]:
    own = golang.bin_directory() / "kubectl"
    kubectl = str(own) if own.exists() else shutil.which("kubectl")
    if not kubectl:
        pytest.skip("needs kubectl: `python -m tools.local_cluster build` makes it")
    done = subprocess.run([kubectl, "kustomize", str(EXAMPLE)], capture_output=True, text=True, check=True)
    return list(yaml.safe_load_all(done.stdout))


def digest(path: Path) -> str:
    result = CliRunner().invoke(cli, ["digest", str(path)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_the_name_carries_the_digest_and_the_endpoint_follows(built: list[dict[str, Any]]) -> None:
    found = {document["kind"]: document for document in built}
    short = digest(EXAMPLE / "bundle/modelbundle.yaml").removeprefix("sha256:")[:10]
    assert found["ModelBundle"]["metadata"]["name"] == f"sentiment-{short}"
    assert found["ModelEndpoint"]["metadata"]["name"] == "sentiment"
    assert found["ModelEndpoint"]["spec"]["bundle"] == f"sentiment-{short}"
