"""Models that the real MLflow wrote, with the answers of their libraries; each is made once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tools.local_cluster import store
from tools.local_cluster.progress import step
from tools.testkit.environments import python_with

SERIES = "{}.{}".format(*sys.version_info[:2])
WRITER = Path(__file__).with_name("write_models.py")
LIGHT = ("mlflow-skinny==3.17.2", "pandas", "scikit-learn", "skops")
EACH = (*LIGHT, "lightgbm", "xgboost-cpu", "onnx", "onnxruntime")
OLDER = ("mlflow-skinny>=2.22,<3", "pandas<3", "scikit-learn")
SETS = {
    "light": (LIGHT, ("sklearn_table",)),
    "each": (
        EACH,
        ("sklearn_cloudpickle", "sklearn_tensor", "no_signature", "xgboost", "lightgbm", "onnx", "python_model"),
    ),
    "older": (OLDER, ("sklearn_table", "python_model")),
}


class Written(NamedTuple):
    """A directory that MLflow wrote, the Python that has its packages, and pairs of a request and its answer."""

    directory: Path
    python: Path
    asked: list[Any]


def written(which: str, name: str) -> Written:
    """The model `name` of a set of SETS."""
    packages, names = SETS[which]
    python = python_with(SERIES, *packages)
    home = store.root() / "mlflow-models"
    target = home / f"{which}-{store.fingerprint([str(python), WRITER.read_bytes(), *names])}"
    with store.locked(home / "lock", "it writes the models of MLflow for the tests"):
        store.sweep(home)
        if not target.exists():
            with step(f"writing {len(names)} models with {packages[0]}", "20 s, once"), store.making(target) as scratch:
                (scratch / "new").mkdir()
                environment = {"PATH": os.environ["PATH"], "HOME": str(scratch), "MLFLOW_DISABLE_TELEMETRY": "true"}
                command: list[str | Path] = [python, WRITER, scratch / "new", *names]
                done = subprocess.run(
                    command, cwd=scratch, env=environment, capture_output=True, text=True, check=False
                )
                assert done.returncode == 0, done.stderr[-4000:]
    return Written(target / name, python, json.loads((target / f"{name}.json").read_text()))
