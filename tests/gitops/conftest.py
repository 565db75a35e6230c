"""Argo CD itself on the local cluster, with the product's health checks in its settings.

docs/how-to/gitops.md says how they get there.
"""

from __future__ import annotations

import os

import pytest

from tests.cluster.conftest import keep, make_namespace, operator, place, show, store
from tests.gitops import health_data
from tools.testkit.kubectl import kubectl

__all__ = ["keep", "make_namespace", "operator", "place", "show", "store"]


@pytest.fixture(scope="session")
def argocd() -> None:
    """Argo CD runs, as tests/conftest.py has started it, and knows the health of bundles."""
    if os.environ.get("CLUSTER"):
        pytest.skip("runs Argo CD on the local cluster only")
    kubectl("apply", "--server-side", "-n", "argocd", "-f", str(health_data.ARGOCD / "argocd-cm.yaml"))
