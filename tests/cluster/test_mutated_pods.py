"""Pods as webhooks of others make them: a mesh puts its proxy before all containers, a VerticalPodAutoscaler asks for
another amount of CPU, and changes it while the pod runs. The bundle serves, and nothing is undone."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.call import from_host
from tools.testkit.install import runtime_image
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.mutating_webhook import MutatingWebhook
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = pytest.mark.skipif(
    bool(os.environ.get("CLUSTER")), reason="its API server asks this machine: needs the local cluster"
)

NAME, PROXY = "mutated", "mesh-proxy"
# process 1 of a container gets no signal that it does not wait for
WAITS = "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, [s.SIGTERM]); s.sigwait([s.SIGTERM])"


def waiting(name: str, **more: str) -> Manifest:
    """A container that does nothing, as Pod Security `restricted` has it."""
    return {
        "name": name,
        "image": runtime_image(),
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", WAITS],
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        **more,
    }


def change(_: Manifest) -> list[dict[str, Any]]:
    return [
        {"op": "add", "path": "/spec/initContainers/0", "value": waiting(PROXY, restartPolicy="Always")},
        {"op": "add", "path": "/spec/containers/0/resources/requests/cpu", "value": "15m"},
        {"op": "add", "path": "/metadata/annotations/vpaUpdates", "value": "container 0: cpu request"},
    ]


@pytest.fixture
def webhook(place: Place, namespace: str, tmp_path: Path) -> Iterator[None]:
    running = MutatingWebhook(change, str(urlsplit(place.s3_endpoint).hostname), tmp_path)
    apply(running.configuration(namespace, namespace))
    yield
    kubectl("delete", "mutatingwebhookconfiguration", namespace, "--ignore-not-found")
    running.close()


def test_a_bundle_serves_with_what_others_put_into_its_pods(
    operator: Callable[[], None], store: Store, namespace: str, webhook: None
) -> None:
    # an API server takes a moment to ask a new webhook: each pod of a bundle that is made until then is as it was
    probe = pod_of_a_bundle("probe")
    asked = ("create", "--dry-run=server", "-o", "json", "-f", "-")
    wait_for("the webhook to be asked", lambda: PROXY in kubectl(*asked, namespace=namespace, stdin=probe), 60)

    apply(cpu_bundle(store, NAME), namespace=namespace)
    wait_ready(NAME, namespace)
    (pod,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
    assert [container["name"] for container in pod["spec"]["initContainers"]] == [PROXY, "prepare", "server"]
    assert pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "15m"
    answer = wait_for("an answer", lambda: from_host(NAME, namespace, {"x": 2, "y": "abc"}, timeout=5), 60)
    assert answer.value == 7

    resources = {"containers": [{"name": "worker", "resources": {"requests": {"cpu": "20m"}}}]}
    name = pod["metadata"]["name"]
    resize = ("patch", "pod", name, "--subresource=resize", "-p", json.dumps({"spec": resources}))
    kubectl(*resize, namespace=namespace)
    kubectl("annotate", "modelbundle", NAME, "looked-at=once", namespace=namespace)
    wait_ready(NAME, namespace)
    resized = get("pod", name, namespace) or {}
    assert resized["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "20m"
    assert (get("deployment", NAME, namespace) or {})["metadata"]["generation"] == 1, "one more reconcile"
    reasons = {event["reason"] for event in list_all("events", namespace) if event["involvedObject"]["name"] == NAME}
    assert not reasons & {"EditUndone", "Contended"}


def pod_of_a_bundle(name: str) -> str:
    """Which is only asked about."""
    metadata = {"name": name, "labels": {"modelbundle.dev/bundle": name}, "annotations": {"note": "x"}}
    spec = {
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "initContainers": [waiting("prepare")],
        "containers": [waiting("worker")],
    }
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
