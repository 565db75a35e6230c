"""A cluster that a tool has for itself: a control plane without a node, with the CRDs, and no other user."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tools.local_cluster import pki, slots
from tools.local_cluster.place import here
from tools.testkit.place import ROOT

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
        printed = subprocess.run(_command(cluster, "env"), cwd=ROOT, check=True, capture_output=True, text=True).stdout
        pairs = (line.removeprefix("export ").split("=", 1) for line in printed.splitlines())
        variables = {name: value.strip("'") for name, value in pairs if name != "PATH"}
        first = next(line for line in printed.splitlines() if line.startswith("export PATH="))
        path = first.removeprefix("export PATH=").partition(":")[0].strip("'")
        environment = {**os.environ, **variables, "PATH": f"{path}:{os.environ['PATH']}"}
        for command in ((*_KUBECTL, str(ROOT / "crds")), ("wait", "--for=condition=Established", *CRDS)):
            subprocess.run(["kubectl", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield Site(cluster, here(cluster).audit_log, environment)
    finally:
        if not keep:
            tool(cluster, "down")


def tool(cluster: str, *verb: str) -> None:
    """The local cluster's own tool."""
    subprocess.run(_command(cluster, *verb), cwd=ROOT, check=True)


def _command(cluster: str, *verb: str) -> list[str]:
    return [sys.executable, "-m", "tools.local_cluster", "--cluster", cluster, *verb]
