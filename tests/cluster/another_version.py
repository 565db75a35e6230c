"""An operator of another version: the image at hand, with code of a test's that is put over it as it is imported."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.cluster.operator_pods import SYSTEM, operator_ready
from tools.testkit.kubectl import apply, kubectl


@contextmanager
def replaceable(put_back: Callable[[], None]) -> Iterator[Callable[[str], None]]:
    """Called with a `sitecustomize`, replaces the operator by one that has imported it; the right one comes back."""

    def replace(code: str) -> None:
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "another-version"}}
        apply({**config, "data": {"sitecustomize.py": code}}, namespace=SYSTEM)
        container = {
            "name": "operator",
            "env": [{"name": "PYTHONPATH", "value": "/another-version"}],
            "volumeMounts": [{"name": "another-version", "mountPath": "/another-version"}],
        }
        volume = {"name": "another-version", "configMap": {"name": "another-version"}}
        patch = {"spec": {"template": {"spec": {"containers": [container], "volumes": [volume]}}}}
        kubectl("patch", "deployment", "modelbundle-operator", "-p", json.dumps(patch), namespace=SYSTEM)
        operator_ready()

    try:
        yield replace
    finally:
        kubectl("delete", "deployment", "modelbundle-operator", namespace=SYSTEM)
        put_back()
