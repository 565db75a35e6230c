"""A cluster that a tool has for itself: a control plane without a node, with the CRDs, and no other user."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tools.local_cluster import pki, slots
from tools.local_cluster.place import here
from tools.testkit.place import ROOT, local_environment

_KUBECTL = ("apply", "--server-side", "--force-conflicts", "-f")
CRDS = ("crd/modelbundles.modelbundle.dev", "crd/modelendpoints.modelbundle.dev")


class Site(NamedTuple):
    """Kubeconfigs, each of an administrator of its own, by which the audit log tells their calls apart."""

    cluster: str
    audit_log: Path
    environment: dict[str, str]

    def kubeconfig(self, user: str) -> Path:
        place = here(self.cluster)
        return pki.administrator(place, slots.current(place), user)


@contextmanager
def site(cluster: str, *options: str, keep: bool = False) -> Iterator[Site]:
    """The cluster of this name, started and taken down again; `options` are those of `up`."""
    tool(cluster, "up", "--without-node", *options)
    try:
        environment = {**os.environ, **local_environment("--cluster", cluster)}
        subprocess.run(
            ["kubectl", *_KUBECTL, str(ROOT / "crds")], env=environment, check=True, stdout=subprocess.DEVNULL
        )
        _wait_established(environment)
        yield Site(cluster, here(cluster).audit_log, environment)
    finally:
        if not keep:
            tool(cluster, "down")


def _wait_established(environment: dict[str, str]) -> None:
    """Again and again: for a moment a new one has no conditions at all, which is an error to `kubectl wait`."""
    command = ["kubectl", "wait", "--for=condition=Established", *CRDS]
    deadline = time.monotonic() + 60
    while subprocess.run(command, env=environment, check=False, stdout=subprocess.DEVNULL).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("the CRDs are not established within 60 s")
        time.sleep(0.4)


def tool(cluster: str, *verb: str) -> None:
    """The local cluster's own tool."""
    subprocess.run([sys.executable, "-m", "tools.local_cluster", "--cluster", cluster, *verb], cwd=ROOT, check=True)
