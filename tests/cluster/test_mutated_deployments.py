"""Deployments as policies of a platform change them at admission: the bundle serves, and nothing is sent again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cluster.audit import WRITES, AuditLog, about, counted
from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.mutating_webhook import MutatingWebhook
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("CLUSTER")), reason="its API server asks this machine: needs the local cluster"
)

NAME, POOL = "mutated", {"key": "modelbundle.test/pool", "operator": "Exists"}
DEPLOYMENTS: Manifest = {
    "apiGroups": ["apps"],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["deployments"],
}


def change(deployment: Manifest) -> list[dict[str, Any]]:
    """It asks for another amount of CPU, and tolerates a taint more."""
    pod = "/spec/template/spec"
    found = deployment["spec"]["template"]["spec"].get("tolerations", [])
    return [
        {"op": "add", "path": f"{pod}/tolerations", "value": found if POOL in found else [*found, POOL]},
        {"op": "add", "path": f"{pod}/containers/0/resources/requests/cpu", "value": "30m"},
    ]


@pytest.fixture
def policy(place: Place, namespace: str, tmp_path: Path) -> Iterator[None]:
    running = MutatingWebhook(change, str(urlsplit(place.s3_endpoint).hostname), tmp_path)
    apply(running.configuration(namespace, namespace, DEPLOYMENTS))
    probe = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    wait_for("the webhook to be asked", lambda: POOL["key"] in kubectl(*probe, namespace=namespace, stdin=PROBE), 60)
    yield
    kubectl("delete", "mutatingwebhookconfiguration", namespace, "--ignore-not-found")
    running.close()


LABELS = {"modelbundle.dev/bundle": "probe"}
PROBE = json.dumps(
    {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "probe", "labels": LABELS},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "c", "image": "none", "resources": {"requests": {"cpu": "1m"}}}]},
            },
        },
    }
)


def test_what_a_policy_makes_of_a_deployment_stays_and_costs_nothing_at_rest(
    operator: object, policy: None, namespace: str, store: Store, audit: AuditLog, show: Callable[[str], None]
) -> None:
    apply(cpu_bundle(store, NAME), namespace=namespace)
    wait_ready(NAME, namespace)
    kubectl("scale", "modelbundle", NAME, "--replicas=2", namespace=namespace)
    wait_for("the user's edit", lambda: _deployment(namespace)["replicas"] == 2, 60)
    wait_ready(NAME, namespace)
    audit.mark()
    for number in range(3):
        kubectl("annotate", "modelbundle", NAME, f"looked-at={number}", "--overwrite", namespace=namespace)
    apply(cpu_bundle(store, "after", serving={"replicas": 0}), namespace=namespace)
    wait_condition("after", namespace, "Ready", "True", "Stored", timeout=60)  # whose turn came after the others
    calls = [event for event in about(audit.calls(), namespace) if event["objectRef"]["resource"] == "deployments"]
    show(f"a Deployment that a webhook changes, its bundle looked at three times: {counted(calls) or 'no call'}")
    assert not [event for event in calls if event["verb"] in WRITES]
    pod = _deployment(namespace)["template"]["spec"]
    assert POOL in pod["tolerations"]
    assert pod["containers"][0]["resources"]["requests"]["cpu"] == "30m"
    assert len(list_all("replicasets", namespace)) == 1, "its pods are of one template"


def _deployment(namespace: str) -> Manifest:
    found: Manifest = (get("deployment", NAME, namespace) or {})["spec"]
    return found
