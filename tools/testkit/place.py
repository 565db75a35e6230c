"""The cluster at hand and what stands beside it: an artifact store, a package index, images.

The local cluster gives all of it by `python -m tools.local_cluster env`. On another cluster (CLUSTER=current) the same
variables name yours; docs/how-to/install.md lists them.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SECRET = "modelbundle-artifacts"
AUDIT_LOGS = "MODELBUNDLE_TESTS_AUDIT_LOGS"  # where a run has more than one cluster: those of all of them
_NEEDED = {
    "MODELBUNDLE_LOCAL_S3_ENDPOINT": "the S3 server's URL as this machine reaches it",
    "MODELBUNDLE_LOCAL_S3_ENDPOINT_IN_CLUSTER": "the S3 server's URL as a pod reaches it",
    "MODELBUNDLE_LOCAL_S3_ACCESS_KEY": "its access key",
    "MODELBUNDLE_LOCAL_S3_SECRET_KEY": "its secret key",
    "MODELBUNDLE_LOCAL_INDEX_IN_CLUSTER": "a Python package index as a pod reaches it",
}


class PlaceIncomplete(Exception):
    """The cluster is there, but not what the demo needs beside it."""


@dataclass(frozen=True)
class Place:
    s3_endpoint: str
    s3_endpoint_in_cluster: str
    access_key: str
    secret_key: str
    index_in_cluster: str
    audit_log: Path | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Place:
        environment = os.environ if environment is None else environment
        missing = [f"{name} ({meaning})" for name, meaning in _NEEDED.items() if not environment.get(name)]
        if missing:
            raise PlaceIncomplete("set " + ", ".join(missing) + "; docs/how-to/install.md says how")
        endpoint, in_cluster, access_key, secret_key, index = (environment[name] for name in _NEEDED)
        audit_log = environment.get("CLUSTER_AUDIT_LOG")
        return cls(endpoint, in_cluster, access_key, secret_key, index, Path(audit_log) if audit_log else None)

    def secret(self) -> dict[str, Any]:
        """The Secret that every namespace with bundles needs: how `prepare` reaches the artifact store."""
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET},
            "stringData": {
                "AWS_ACCESS_KEY_ID": self.access_key,
                "AWS_SECRET_ACCESS_KEY": self.secret_key,
                "AWS_ENDPOINT_URL": self.s3_endpoint_in_cluster,
                "AWS_REGION": "us-east-1",
            },
        }


def local_environment(*options: str) -> dict[str, str]:
    """What `python -m tools.local_cluster env` exports; PATH with the cluster's own tools in front."""
    command = [sys.executable, "-m", "tools.local_cluster", *options, "env"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    exports = (line.removeprefix("export ") for line in printed.splitlines() if line.startswith("export "))
    pairs = (word.split("=", 1) for line in exports for word in shlex.split(line))
    return {name: value.replace("$PATH", os.environ["PATH"]) for name, value in pairs}
