"""A kubeconfig for an API server that a test has on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write_kubeconfig(path: Path, port: int) -> str:
    """Without credentials, for namespace models; answers the path."""
    context = {"cluster": "k", "user": "u", "namespace": "models"}
    config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": "c"}
    config["clusters"] = [{"name": "k", "cluster": {"server": f"http://127.0.0.1:{port}"}}]
    config |= {"users": [{"name": "u", "user": {}}], "contexts": [{"name": "c", "context": context}]}
    path.write_text(json.dumps(config))
    return str(path)
