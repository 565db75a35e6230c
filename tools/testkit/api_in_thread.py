"""What stands in for an API server in tests: an HTTP server of this process, and the kubeconfig that leads to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tools.testkit.http_in_thread import HttpInThread


class ApiInThread(HttpInThread):
    def write_kubeconfig(self, path: Path) -> str:
        """Without credentials, for namespace models; answers the path."""
        context = {"cluster": "k", "user": "u", "namespace": "models"}
        config: dict[str, Any] = {"apiVersion": "v1", "kind": "Config", "current-context": "c"}
        config["clusters"] = [{"name": "k", "cluster": {"server": self.url}}]
        config |= {"users": [{"name": "u", "user": {}}], "contexts": [{"name": "c", "context": context}]}
        path.write_text(json.dumps(config))
        return str(path)
