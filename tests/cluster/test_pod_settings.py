"""What an author adds to the pods of a bundle, seen on the objects and by the worker itself, and who may scale it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.bundles import cpu_bundle, manifest, wait_condition, wait_ready, zipped
from tools.testkit.call import post, service_url
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.place import SECRET
from tools.testkit.store import Store

MODEL = """
def load():
    return [open(f"/etc/mine/{name}").read() for name in ("claim/weights", "config/a", "secret/key")]
"""
PREDICT = """
import json
import ssl
import urllib.request

ACCOUNT = "/etc/mine/account"
API = "authentication.k8s.io/v1"

def load(model):
    def predict(x, y):
        try:
            open("/etc/mine/claim/weights", "w")
        except OSError as error:
            return [*model, error.errno, who_am_i()]
    return predict

def who_am_i():
    request = urllib.request.Request(
        f"https://kubernetes.default.svc/apis/{API}/selfsubjectreviews",
        json.dumps({"apiVersion": API, "kind": "SelfSubjectReview"}).encode(),
        {"authorization": "Bearer " + open(ACCOUNT + "/token").read(), "content-type": "application/json"},
    )
    trusted = ssl.create_default_context(cafile=ACCOUNT + "/ca.crt")
    with urllib.request.urlopen(request, context=trusted, timeout=20) as answer:
        return json.load(answer)["status"]["userInfo"]["username"]
"""
ARTIFACT = zipped(predict=PREDICT, model=MODEL)
READ_ONLY = 30
SERVING: Manifest = {
    "artifactSecretName": "",  # no store: the artifact is on the claim too
    "podLabels": {"kueue.x-k8s.io/queue-name": "models"},
    "podAnnotations": {"sidecar.istio.io/inject": "true"},
    "volumes": [
        {"name": "claim", "mountPath": "/etc/mine/claim", "persistentVolumeClaim": {"claimName": "mine"}},
        {"name": "config", "mountPath": "/etc/mine/config", "configMap": {"name": "mine"}},
        {"name": "tmp", "mountPath": "/etc/mine/secret", "secret": {"secretName": "mine"}},
        {"name": "token", "mountPath": "/etc/mine/account", "secret": {"secretName": "token"}},
    ],
}
# no pod is given one: who wants it asks for it
TOKEN: Manifest = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "token", "annotations": {"kubernetes.io/service-account.name": "default"}},
    "type": "kubernetes.io/service-account-token",
}


@pytest.fixture
def claim(namespace: str) -> Iterator[Manifest]:
    """A claim of a directory of this machine, which is the local cluster's node."""
    if os.environ.get("CLUSTER"):
        pytest.skip("CLUSTER is set: needs the local cluster, on whose node it puts the weights")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        (Path(place) / "weights").write_text("7")
        (Path(place) / "fitted.zip").write_bytes(ARTIFACT)
        common = {"accessModes": ["ReadOnlyMany"], "storageClassName": ""}
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": namespace},
            "spec": {**common, "capacity": {"storage": "1Mi"}, "hostPath": {"path": place}},
        }
        apply(volume)
        spec = {**common, "volumeName": namespace, "resources": {"requests": {"storage": "1Mi"}}}
        yield {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "mine"}, "spec": spec}
        kubectl("delete", "persistentvolume", namespace, "--wait=false")


def test_the_pods_have_what_the_author_asks_for(operator: Callable[[], None], namespace: str, claim: Manifest) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mine"}, "data": {"a": "b"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mine"}, "stringData": {"key": "k"}}
    on_claim = {"uri": "pvc://mine/fitted.zip", "sha256": hashlib.sha256(ARTIFACT).hexdigest(), "packaging": "zip"}
    bundle = manifest("fitted", on_claim, SERVING, loadPredictFn="predict.load", loadModelFn="model.load")
    kubectl("delete", "secret", SECRET, namespace=namespace)
    apply(claim, config, TOKEN, bundle, namespace=namespace)
    wait_for("its volumes to be named", lambda: "serving.volumes (claim, config, tmp, token)" in _ready(namespace), 240)
    apply(secret, namespace=namespace)
    wait_ready("fitted", namespace, 300)  # the kubelet tries a volume again at growing intervals
    with service_url("fitted", namespace) as url:
        account = f"system:serviceaccount:{namespace}:default"
        assert post(f"{url}/predict", {"x": 1, "y": ""}).value == ["7", "b", "k", READ_ONLY, account]
    (pod,) = list_all("pods", namespace, "modelbundle.dev/bundle=fitted")
    assert pod["metadata"]["labels"].items() >= SERVING["podLabels"].items()
    assert pod["metadata"]["annotations"].items() >= SERVING["podAnnotations"].items()

    kubectl("annotate", "modelbundle", "fitted", "looked-at=once", namespace=namespace)
    wait_ready("fitted", namespace)
    assert (get("deployment", "fitted", namespace) or {})["metadata"]["generation"] == 1, "one more reconcile"


def test_an_autoscaler_scales_the_bundle_and_is_told_so_at_the_deployment(
    operator: Callable[[], None], store: Store, namespace: str
) -> None:
    """Their pods wait for a node: it is the number that counts, and below the minimum no metrics are needed."""
    nowhere = {"nodeSelector": {"there.is": "none"}}
    apply(
        *(cpu_bundle(store, name, serving=nowhere) for name in ("right", "wrong")),
        autoscaler("right", "modelbundle.dev/v1alpha1", "ModelBundle"),
        autoscaler("wrong", "apps/v1", "Deployment"),
        namespace=namespace,
    )

    def told() -> list[str]:
        events = [event for event in list_all("events", namespace) if event["reason"] == "EditUndone"]
        return [event["message"] for event in events if event["involvedObject"]["name"] == "wrong"]

    words = wait_for("the event", told, 180)[0]
    assert "kubectl scale mbun wrong --replicas=N" in words
    wait_for("two pods to be asked for", lambda: _replicas("right", namespace) == (2, 2), 120)
    kubectl("annotate", "modelbundle", "right", "looked-at=once", namespace=namespace)
    wait_condition("right", namespace, "Ready", "False", "WaitingForCapacity")
    assert _replicas("right", namespace) == (2, 2)
    assert _replicas("wrong", namespace)[0] == 1


def autoscaler(name: str, version: str, kind: str) -> Manifest:
    target = {"apiVersion": version, "kind": kind, "name": name}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    spec = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 3}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {**spec, "metrics": [{"type": "Resource", "resource": cpu}]},
    }


def _replicas(name: str, namespace: str) -> tuple[int | None, int | None]:
    """Of the bundle and of its Deployment."""
    bundle, deployment = (get(kind, name, namespace) or {"spec": {}} for kind in ("modelbundle", "deployment"))
    return bundle["spec"].get("serving", {}).get("replicas"), deployment["spec"].get("replicas")


def _ready(namespace: str) -> str:
    return str(condition(get("modelbundle", "fitted", namespace) or {}, "Ready").get("message", ""))
