"""Argo CD itself on the local cluster, with the product's health checks in its settings as docs/gitops.md says."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from demo.kubectl import kubectl
from tests.cluster.conftest import keep, make_namespace, operator, place, show, store
from tests.conftest import ROOT
from tests.gitops import health_data

__all__ = ["keep", "make_namespace", "operator", "place", "show", "store"]


@pytest.fixture(scope="session")
def argocd(request: pytest.FixtureRequest) -> None:
    """Argo CD runs; it is built first where the machine's cache lacks it, which takes minutes and says so."""
    if os.environ.get("CLUSTER"):
        pytest.skip("runs Argo CD on the local cluster only")
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        command = [sys.executable, "-m", "local_cluster", "start", "argocd"]
        subprocess.run(command, cwd=ROOT, check=True)
    kubectl("apply", "--server-side", "-n", "argocd", "-f", str(health_data.ARGOCD / "argocd-cm.yaml"))
