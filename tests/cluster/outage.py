"""What the local cluster can stop and start again, as an outage to test against."""

from __future__ import annotations

import subprocess
import sys

from tools.testkit.place import ROOT


def stop(service: str) -> None:
    """`s3`, `packages` or `apiserver`."""
    _local_cluster("stop", service)


def start(service: str) -> None:
    """Returns when it works again."""
    _local_cluster("start", service)


def _local_cluster(verb: str, service: str) -> None:
    command = [sys.executable, "-m", "tools.local_cluster", verb, service]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
