"""`modelbundle serve` gives libraries the threads that they would have in a pod."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from launch.bundle.manifest import dump
from tests.launch.cli.test_serve import ask

NAMES = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
PREDICT = f"""
import os

def load_model():
    return None

def load(model):
    return lambda: [os.environ.get(name) for name in {NAMES}]
"""


def written(directory: Path, resources: dict[str, Any]) -> Path:
    with zipfile.ZipFile(directory / "bundle.zip", "w") as archive:
        archive.writestr("predict.py", PREDICT)
    sha256 = hashlib.sha256((directory / "bundle.zip").read_bytes()).hexdigest()
    bundle = {
        "artifact": {"uri": "bundle.zip", "sha256": sha256, "packaging": "zip"},
        "envParams": {"frameworkType": "custom_base_image", "customBaseImage": {"repository": "any", "tag": "1"}},
        "loadPredictFn": "predict.load",
        "loadModelFn": "predict.load_model",
    }
    manifest = {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": "threads"},
        "spec": {"bundle": bundle, "serving": {"gpu": {"count": 0}, "resources": resources}},
    }
    (directory / "bundle.yaml").write_text(dump(manifest))
    return directory / "bundle.yaml"


@pytest.mark.parametrize(
    ("resources", "shell", "seen"),
    [
        ({"memory": "1Gi"}, {}, [None, None, None]),
        ({"cpu": "1500m"}, {}, ["2", "2", "2"]),
        ({"cpu": 3}, {"OMP_NUM_THREADS": "1"}, ["1", None, None]),
    ],
)
def test_threads_follow_the_cpus_of_the_bundle_unless_the_shell_says_otherwise(
    serve: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    resources: dict[str, Any],
    shell: dict[str, str],
    seen: list[str | None],
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    serving = serve(written(tmp_path, resources), **shell)
    serving.wait_for_url()
    assert ask(serving.url) == seen
