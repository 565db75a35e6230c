"""helm, as the local cluster builds it; these tests need no cluster."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_cluster import golang

ROOT = Path(__file__).resolve().parent.parent.parent
Helm = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Runs helm; the completed process, whatever its exit status."""
    built = golang.bin_directory() / "helm"
    binary = str(built) if built.exists() else shutil.which("helm")
    if not binary:
        pytest.skip("needs helm: `python -m local_cluster build` makes it")

    def run(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments], cwd=ROOT, input=stdin or None, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture(scope="session")
def render(helm: Helm) -> Callable[..., list[dict[str, Any]]]:
    """The documents that the chart renders with the values given as YAML."""

    def documents(values: str = "{}") -> list[dict[str, Any]]:
        done = helm(
            "template", "model-bundles", ".", "-n", "modelbundle-system", "--kube-version", "1.35.4", "-f", "-",
            stdin=values,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [document for document in yaml.safe_load_all(done.stdout) if document]

    return documents
