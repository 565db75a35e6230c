"""What others label as the operator's costs it no more than the metadata, at its start and afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cluster.bundles import manifest, wait_condition
from tests.cluster.hostile import ARTIFACT, OURS
from tests.cluster.operator_pods import SYSTEM, leader, metric, operator_pods, operator_ready
from tests.cluster.raw_api import raw_api
from tools.testkit.kubectl import apply, kubectl, wait_for

COUNT = 100
SIZE = 900_000
READ = 'modelbundle_operator_api_read_bytes_total{kind="%s"}'
KNOWN = 'modelbundle_operator_cached_objects{kind="%s"}'

pytestmark = pytest.mark.exclusive  # restarts the operator


def test_large_objects_with_the_operators_label_are_not_read(operator: object, namespace: str) -> None:
    apply(stored("before"), namespace=namespace)
    wait_condition("before", namespace, "Ready", "True", "Stored")
    with raw_api() as api:
        for number in range(COUNT):
            api.create(namespace, "configmaps", config_map(f"labelled-{number}"))
        large = deployment(f"labelled-{COUNT}")
        api.create(namespace, "deployments", large, "apis/apps/v1")
    try:
        others = own_deployments() - len(large)  # of other tests, which are read in full
        known = metric(leader(), KNOWN % "ConfigMap")
        kubectl("rollout", "restart", "deployment/modelbundle-operator", namespace=SYSTEM)
        operator_ready()
        for pod in wait_for("the pods of before to go", two_pods, 60):
            assert metric(pod, READ % "ConfigMap") < COUNT * SIZE / 10, "their data was read"
            # once it may be in the answer to a list of which most is needed
            assert metric(pod, READ % "Deployment") - 2 * others < 1.5 * len(large), "its template was read"
            kept = metric(pod, KNOWN % "ConfigMap")
            assert kept < known + COUNT / 2, "of what others labelled nothing is kept"
        # it manages as before, and what changes of theirs changes nothing
        apply(stored("after"), namespace=namespace)
        wait_condition("after", namespace, "Ready", "True", "Stored")
        read = metric(leader(), READ % "ConfigMap")
        kubectl("annotate", "configmap", "labelled-0", "note=changed", namespace=namespace)
        apply(stored("afterwards"), namespace=namespace)
        wait_condition("afterwards", namespace, "Ready", "True", "Stored")
        assert metric(leader(), READ % "ConfigMap") - read < SIZE
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def own_deployments() -> int:
    """Bytes of all Deployments with the operator's label."""
    selector = ",".join(f"{name}={value}" for name, value in OURS.items())
    return len(kubectl("get", "deployments", "-A", "-l", selector, "-o", "json"))


def two_pods() -> list[dict[str, Any]]:
    pods = operator_pods()
    return pods if len(pods) == 2 else []


def stored(name: str) -> dict[str, Any]:
    return manifest(name, ARTIFACT, {"replicas": 0}, loadPredictFn="p.load", loadModelFn="p.model")


def config_map(name: str) -> str:
    metadata = {"name": name, "labels": OURS}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"x": "x" * SIZE}})


def deployment(name: str) -> str:
    """With no pod."""
    labels = {"app": name}
    env = [{"name": "X", "value": "x" * SIZE}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "x", "image": "none", "env": env}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "labels": OURS}
    return json.dumps({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
