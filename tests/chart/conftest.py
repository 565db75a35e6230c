"""helm, as the local cluster builds it; these tests need no cluster."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.local_cluster import golang
from tools.testkit.kubectl import SHORT_LIVED

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ROOT / "tests/chart/images.yaml"
Helm = Callable[..., "subprocess.CompletedProcess[str]"]
Documents = list[dict[str, Any]]


class Render:
    """The documents that the chart renders with these values; the same values are rendered once."""

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self._known: dict[str, Documents] = {}

    def __call__(self, values: Any = None) -> Documents:
        text = values if isinstance(values, str) else json.dumps(values or {})
        if text not in self._known:
            done = self.try_to(text)
            assert done.returncode == 0, done.stderr
            self._known[text] = [document for document in yaml.load_all(done.stdout, Loader=_Loader) if document]
        return self._known[text]

    def try_to(self, values: Any, *more: str) -> subprocess.CompletedProcess[str]:
        """helm's own words, whether it renders or refuses."""
        text = values if isinstance(values, str) else json.dumps(values)
        return self._helm(
            "template", "model-bundles", ".", "-n", "modelbundle-system", "--kube-version", "1.35.4",
            "-f", str(IMAGES), "-f", "-", *more, stdin=text,
        )  # fmt: skip

    def operator(self, **values: Any) -> Documents:
        """With these values of the operator's chart."""
        return self({"operator": values})

    def bundles(self, **entries: Any) -> Documents:
        """Without the operator, with these entries of `bundles`."""
        return self({"operator": {"enabled": False}, "bundles": entries})


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@pytest.fixture(scope="session")
def helm() -> Helm:
    """Runs helm; the completed process, whatever its exit status."""
    built = golang.bin_directory() / "helm"
    binary = str(built) if built.exists() else shutil.which("helm")
    if not binary:
        pytest.skip("needs helm: `python -m tools.local_cluster build` makes it")

    def run(*arguments: str, stdin: str = "", cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [binary, *arguments],
            cwd=cwd,
            input=stdin or None,
            env={**SHORT_LIVED, **os.environ},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def render(helm: Helm) -> Render:
    return Render(helm)


def only(documents: Documents, kind: str, name: str = "") -> dict[str, Any]:
    """The one document of this kind (and name)."""
    found = [d for d in documents if d["kind"] == kind and name in ("", d["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} of kind {kind} {name}"
    return found[0]


def kinds(documents: Documents) -> set[str]:
    return {document["kind"] for document in documents}
