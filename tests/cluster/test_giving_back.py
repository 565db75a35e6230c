"""Bundles that cannot start on every GPU there is: they give them back, and a good one serves."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from functools import partial

import pytest

from tests.cluster.bundles import MODEL, PREDICT, cpu_bundle, manifest, wait_condition, wait_ready, zipped
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive  # takes every GPU of the node
GPU: Manifest = {"gpu": {"count": 1}}
RAISES = 'def load(): raise OSError("no route to the feature store")\n'
LATE = zipped(predict=PREDICT, model=MODEL)
TITLES = ("wrong-digest", "absent-artifact", "no-such-requirement", "load-raises")


def absent(store: Store, namespace: str) -> Manifest:
    artifact = {
        "uri": store.uri(f"tests/{namespace}/late.zip"),
        "sha256": hashlib.sha256(LATE).hexdigest(),
        "packaging": "zip",
    }
    return manifest("absent-artifact", artifact, GPU, loadPredictFn="predict.load", loadModelFn="model.load")


def wrong_digest(store: Store) -> Manifest:
    made = cpu_bundle(store, "wrong-digest", serving=GPU)
    made["spec"]["bundle"]["artifact"]["sha256"] = "0" * 64
    return made


def gpus() -> int:
    (node,) = list_all("nodes")
    return int(node["status"]["allocatable"]["nvidia.com/gpu"])


@pytest.mark.timeout(420)
def test_four_bundles_that_cannot_start_leave_their_gpus_to_a_fifth(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    assert gpus() == len(TITLES)
    apply(
        wrong_digest(store),
        absent(store, namespace),
        cpu_bundle(store, "no-such-requirement", serving=GPU, requirements=["there-is-no-such-package==1.0"]),
        cpu_bundle(store, "load-raises", serving=GPU, model=RAISES),
        namespace=namespace,
    )
    for name in TITLES:
        wait_for(f"{name} to hold a GPU", partial(_placed, name, namespace), 60)
    began = time.monotonic()
    apply(cpu_bundle(store, "good", serving=GPU), namespace=namespace)
    wait_ready("good", namespace, 180)
    show(f"four bad bundles on four GPUs: a fifth, good one is Ready after {time.monotonic() - began:.1f} s")

    for name in TITLES:
        wait_for(f"{name} to give back", partial(_given_back, name, namespace), 180)
        message = condition(get("mbun", name, namespace), "Ready")["message"]
        assert "so that they hold no GPU; they are made again at" in message
    assert [p["metadata"]["labels"]["modelbundle.dev/bundle"] for p in _pods(namespace)] == ["good"]
    stalled = {name for name in TITLES if condition(get("mbun", name, namespace), "Stalled")}
    assert stalled == {"wrong-digest"}

    store.put(f"tests/{namespace}/late.zip", LATE)
    token = '{"spec": {"serving": {"rollout": {"token": "now"}}}}'
    kubectl("patch", "mbun", "absent-artifact", "--type=merge", "-p", token, namespace=namespace)
    healed = wait_ready("absent-artifact", namespace, 90)
    assert "retry" not in healed["status"]
    assert wait_for("an answer", lambda: from_host("absent-artifact", namespace, {"x": 2, "y": "abc"}).value == 7, 30)
    wait_condition("wrong-digest", namespace, "Ready", "False", "ArtifactDigestMismatch")
    settled = _versions(namespace)
    kubectl("annotate", "mbun", "--all", "looked=at", namespace=namespace)
    time.sleep(3)
    assert _versions(namespace) == settled, "one more reconcile changes nothing"


def _pods(namespace: str) -> list[Manifest]:
    found = list_all("pods", namespace, "modelbundle.dev/bundle")
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def _placed(name: str, namespace: str) -> bool:
    """A node has taken its pod, or it has given up already."""
    mine = [p for p in _pods(namespace) if p["metadata"]["labels"]["modelbundle.dev/bundle"] == name]
    return any(pod["spec"].get("nodeName") for pod in mine) or _given_back(name, namespace)


def _given_back(name: str, namespace: str) -> bool:
    deployment = get("deployment", name, namespace)
    return deployment is not None and deployment["spec"]["replicas"] == 0


def _versions(namespace: str) -> dict[str, str]:
    return {
        each["metadata"]["name"]: each["metadata"]["resourceVersion"] for each in list_all("deployments", namespace)
    }
