"""An API server in memory and a real one, for what both are to answer alike."""

from __future__ import annotations

import os
import uuid
from collections.abc import AsyncIterator

import pytest
from modelbundle_operator.kube.client import KubernetesClient

from tests.operator.contract import AnyCluster
from tests.operator.fake_cluster import FakeCluster
from tools.testkit.kubectl import kubectl


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.cluster)])
async def api(request: pytest.FixtureRequest) -> AsyncIterator[tuple[AnyCluster, str]]:
    if request.param == "fake":
        yield FakeCluster(), "contract"
        return
    namespace = f"contract-{os.getpid()}-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", namespace)
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "crds/")
    cluster = await KubernetesClient.connect()
    try:
        yield cluster, namespace
    finally:
        await cluster.close()
        kubectl("delete", "namespace", namespace, "--wait=false")
