"""What the tests of an API server's answers write to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from modelbundle_operator.api.names import LABEL_MANAGED_BY, MANAGED_BY
from modelbundle_operator.errors import Conflict
from modelbundle_operator.kube.client import KubernetesClient

from tests.operator.fake_cluster import FakeCluster

Body = dict[str, Any]
AnyCluster = KubernetesClient | FakeCluster


def config_map(namespace: str, **data: str) -> Body:
    labels = {LABEL_MANAGED_BY: MANAGED_BY}
    metadata = {"name": "contract", "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def deployment(namespace: str, **env: str) -> Body:
    container = {"name": "worker", "image": "none", "env": [{"name": n, "value": v} for n, v in env.items()]}
    template = {"metadata": {"labels": {"app": "contract"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "contract"}}, "template": template}
    metadata = {"name": "contract", "namespace": namespace, "labels": {LABEL_MANAGED_BY: MANAGED_BY}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}


def version(body: Body) -> int:
    return int(body["metadata"]["resourceVersion"])


def env(body: Body) -> dict[str, str]:
    return {item["name"]: item["value"] for item in body["spec"]["template"]["spec"]["containers"][0]["env"]}


async def until_written(cluster: AnyCluster, namespace: str, write: Callable[[Body], Awaitable[Body]]) -> Body:
    """A write, again while the Deployment controller writes its status in between: the queue's part elsewhere."""
    while True:
        live = await cluster.get("Deployment", namespace, "contract")
        assert live is not None
        try:
            return await write(live)
        except Conflict:
            await asyncio.sleep(0.1)
