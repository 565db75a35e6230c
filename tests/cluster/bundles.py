"""Bundles for the tests: zips of a few lines of Python, which no interpreter's version stands in the way of."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

from tests.cluster.waiting import wait_until
from tools.testkit.kubectl import Manifest, condition, explain_bundle, kubectl
from tools.testkit.store import Store

# the local cluster's stand-in for a user's image: bare CPython 3.12 and NumPy, nothing of ours
PYTHON_312 = {
    "frameworkType": "custom_base_image",
    "customBaseImage": {"repository": "docker.io/stand-in/python", "tag": "3.12"},
}
# the stand-in that carries the tag of the seed's pytorch image: bare CPython 3.8 and NumPy
PYTORCH = {"frameworkType": "pytorch", "pytorchImageTag": "1.7.1-cuda11.0-cudnn8-runtime"}

# so that many of them fit on a small node at once
SMALL = {"cpu": "10m", "memory": "256Mi"}

MODEL = "def load(): return lambda x: x * 2\n"
PREDICT = """
def load(model):
    def predict(x, y):
        return model(x) + len(y)
    return predict
"""
INTEGER = {"type": "integer"}
REQUEST = {"type": "object", "properties": {"x": INTEGER, "y": {"type": "string"}}, "required": ["x", "y"]}


def zipped(**files: str) -> bytes:
    """A zip of modules: zipped(predict=..., model=...)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, source in files.items():
            archive.writestr(f"{name}.py", source)
    return buffer.getvalue()


def cpu_bundle(
    store: Store, name: str, *, predict: str = PREDICT, model: str = MODEL, serving: Manifest | None = None, **more: Any
) -> Manifest:
    """A ModelBundle on CPU whose artifact is in the store already."""
    data = zipped(predict=predict, model=model)
    key = f"tests/{uuid.uuid4().hex[:12]}/{name}.zip"
    artifact = {"uri": store.uri(key), "sha256": store.put(key, data), "packaging": "zip"}
    return manifest(name, artifact, serving=serving, loadPredictFn="predict.load", loadModelFn="model.load", **more)


def manifest(name: str, artifact: Manifest, serving: Manifest | None = None, **more: Any) -> Manifest:
    bundle = {"artifact": artifact, "envParams": PYTHON_312, **more}
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name},
        "spec": {"bundle": bundle, "serving": {"gpu": {"count": 0}, "resources": SMALL, **(serving or {})}},
    }


def typed(command: str, namespace: str) -> str:
    """A kubectl command and what it printed, for a page of docs/."""
    return f"$ {command}\n{kubectl(*command.split()[1:], namespace=namespace)}".replace(namespace, "default")


def wait_ready(name: str, namespace: str, timeout: float = 180) -> Manifest:
    return wait_condition(name, namespace, "Ready", "True", timeout=timeout)


def wait_condition(
    name: str, namespace: str, kind: str, status: str, reason: str = "", timeout: float = 180
) -> Manifest:
    """The bundle, once the condition says so for its present generation."""

    def holds(bundle: Manifest) -> bool:
        found = condition(bundle, kind)
        if found.get("status") != status or (reason and found["reason"] != reason):
            return False
        return bool(bundle["status"]["observedGeneration"] == bundle["metadata"]["generation"])

    what = f"{name}: {kind}={status} {reason}".rstrip()
    return wait_until(what, "modelbundle", name, namespace, holds, timeout, lambda: explain_bundle(name, namespace))
