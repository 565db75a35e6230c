"""Bundles that cannot start where GPUs are few: what needs no GPU to be found takes none, a load gives it back."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.cluster.bundles import MODEL, PREDICT, cpu_bundle, manifest, wait_condition, wait_ready, zipped
from tests.cluster.one_more_look import changes_nothing_more, deployments
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive  # takes every GPU of the node
GPU: Manifest = {"gpu": {"count": 1}}
RAISES = 'def load(): raise OSError("no route to the feature store")\n'
LATE = zipped(predict=PREDICT, model=MODEL)
LOADS = ("load-raises", "load-raises-2", "load-raises-3")
# what is wrong, and the reason that is said
TRIED = {
    "wrong-digest": "ArtifactDigestMismatch",
    "absent-artifact": "ArtifactNotFound",
    "no-such-requirement": "RequirementNotFound",
    "other-python": "PythonMismatch",
}


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


def other_python(store: Store, namespace: str) -> Manifest:
    key = f"tests/{namespace}/other.pkl"
    artifact = {"uri": store.uri(key), "sha256": store.put(key, b"never read"), "packaging": "cloudpickle"}
    return manifest("other-python", {**artifact, "pythonVersion": "3.9"}, GPU)


def gpus() -> int:
    (node,) = list_all("nodes")
    return int(node["status"]["allocatable"]["nvidia.com/gpu"])


def test_bundles_that_cannot_start_leave_their_gpus_to_a_good_one(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    assert gpus() == len(LOADS) + 1
    apply(*(cpu_bundle(store, name, serving=GPU, model=RAISES) for name in LOADS), namespace=namespace)
    apply(
        wrong_digest(store),
        absent(store, namespace),
        cpu_bundle(store, "no-such-requirement", serving=GPU, requirements=["there-is-no-such-package==1.0"]),
        other_python(store, namespace),
        namespace=namespace,
    )
    for name, reason in TRIED.items():
        wait_condition(name, namespace, "Ready", "False", reason)
    began = time.monotonic()
    apply(cpu_bundle(store, "good", serving=GPU), namespace=namespace)
    wait_ready("good", namespace, 300)
    show(f"seven bad bundles before it on four GPUs: a good one is Ready after {time.monotonic() - began:.1f} s")

    for name in LOADS:
        wait_for(f"{name} to give back and to say so", partial(_gave_back, name, namespace), 300)
    for name in TRIED:
        wait_for(f"{name} to be given up", partial(_said, name, namespace, "No GPU was taken for it"), 300)
        # the operator deletes no Deployment: where there is none, there never was a pod with a GPU
        assert get("deployment", name, namespace) is None
    # looked at until a moment in which none is being tried again
    wait_for("no Job to be left", lambda: not list_all("jobs", namespace), 300)
    wait_for("no pod to be left but the good one's", lambda: _owners_of_pods(namespace) == ["good"], 300)
    wait_for("only what cannot heal to be stalled", lambda: _stalled(namespace) == {"wrong-digest"}, 60)

    store.put(f"tests/{namespace}/late.zip", LATE)
    token = '{"spec": {"serving": {"rollout": {"token": "now"}}}}'
    kubectl("patch", "mbun", "absent-artifact", "--type=merge", "-p", token, namespace=namespace)
    healed = wait_ready("absent-artifact", namespace, 180)
    assert "retry" not in healed["status"]
    assert healed["status"]["checked"].startswith("sha256:")
    assert wait_for("an answer", lambda: from_host("absent-artifact", namespace, {"x": 2, "y": "abc"}).value == 7, 60)
    wait_condition("wrong-digest", namespace, "Ready", "False", "ArtifactDigestMismatch")
    changes_nothing_more(namespace, deployments)


def test_a_load_that_fails_holds_its_gpu_for_three_loads_and_little_more(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    """Of a pod that goes, the kubelet may leave out a state: the count of its starts is what stays."""
    apply(cpu_bundle(store, "load-raises", serving=GPU, model=RAISES), namespace=namespace)
    seen: list[Manifest] = []

    def is_gone() -> bool:
        found = list_all("pods", namespace, "modelbundle.dev/bundle=load-raises,modelbundle.dev/digest")
        with_gpu = [pod for pod in found if _has_gpu(pod)]
        seen.extend(with_gpu)
        return bool(seen) and not with_gpu

    wait_for("the pod to be gone", is_gone, 240)
    gone = datetime.now(UTC)
    assert len({pod["metadata"]["uid"] for pod in seen}) == 1
    workers = [each for pod in seen for each in pod["status"].get("containerStatuses", []) if each["name"] == "worker"]
    assert max(worker["restartCount"] for worker in workers) == 2, "no fourth load"
    last = max(_time(end) for worker in workers for end in _ends(worker))
    began = _time(condition(seen[-1], "PodScheduled")["lastTransitionTime"])
    asked = (min(map(_asked_to_go, filter(_goes, seen))) - last).total_seconds()
    held = (gone - last).total_seconds()
    show(f"after its third load has failed a pod is asked to go after {asked:.0f} s, and gone after {held:.1f} s;"
         f" the loads and their pauses took {(last - began).total_seconds():.0f} s")  # fmt: skip
    assert asked <= 10
    assert held < (last - began).total_seconds()


def _has_gpu(pod: Manifest) -> bool:
    return any("nvidia.com/gpu" in (each["resources"].get("limits") or {}) for each in pod["spec"]["containers"])


def _ends(worker: Manifest) -> list[str]:
    states = (worker["state"], worker.get("lastState") or {})
    return [state["terminated"]["finishedAt"] for state in states if "terminated" in state]


def _goes(pod: Manifest) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def _asked_to_go(pod: Manifest) -> datetime:
    """The pod's timestamp is that of the request and its grace period, until the kubelet sets both anew at the end."""
    metadata = pod["metadata"]
    return _time(metadata["deletionTimestamp"]) - timedelta(seconds=metadata["deletionGracePeriodSeconds"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_clones_share_one_job_and_a_strangers_of_its_name_is_in_the_way(
    operator: object, namespace: str, store: Store
) -> None:
    nowhere = {"nodeSelector": {"kubernetes.io/arch": "none"}}  # so that the Job does not end before it is looked at
    apply(cpu_bundle(store, "first", serving={**GPU, **nowhere, "replicas": 0}), namespace=namespace)
    wait_ready("first", namespace)
    scale = ("scale", "mbun", "first")
    kubectl(*scale, "--replicas=1", namespace=namespace)
    (job,) = wait_for("the Job", lambda: list_all("jobs", namespace), 60)
    kubectl(*scale, "--replicas=0", namespace=namespace)
    wait_for("the Job to go", lambda: not list_all("jobs", namespace), 60)
    # one of the same name, which waits for ever
    pod = {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}
    theirs = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": job["metadata"]["name"]}}
    apply({**theirs, "spec": {"suspend": True, "template": {"spec": pod}}}, namespace=namespace)
    kubectl(*scale, "--replicas=1", namespace=namespace)
    found = wait_condition("first", namespace, "Ready", "False", "NameConflict")
    assert job["metadata"]["name"] in condition(found, "Ready")["message"]
    somewhere = '{"spec": {"serving": {"nodeSelector": null}}}'
    found = json.loads(
        kubectl("patch", "mbun", "first", "--type=merge", "-p", somewhere, "-o", "json", namespace=namespace)
    )
    kubectl("delete", "job", job["metadata"]["name"], namespace=namespace)
    clone = {"cloneFrom": {"name": "first"}, "appConfig": {"n": 1}}
    spec = {"bundle": clone, "serving": {**found["spec"]["serving"], "replicas": 1}}
    kind = {"apiVersion": found["apiVersion"], "kind": found["kind"]}
    apply({**kind, "metadata": {"name": "second"}, "spec": spec}, namespace=namespace)
    done = [wait_ready(name, namespace, 180)["status"]["checked"] for name in ("first", "second")]
    assert done[0] == done[1]
    made = {event["involvedObject"]["name"] for event in list_all("events", namespace) if _creates(event)}
    assert made == {job["metadata"]["name"]}
    changes_nothing_more(namespace, deployments)
    wait_for("no Job to be left", lambda: not list_all("jobs", namespace), 60)


def _creates(event: Manifest) -> bool:
    return event["involvedObject"]["kind"] == "Job" and event["reason"] == "SuccessfulCreate"


def _said(name: str, namespace: str, words: str) -> bool:
    return words in condition(get("mbun", name, namespace), "Ready").get("message", "")


def _pods(namespace: str) -> list[Manifest]:
    found = list_all("pods", namespace, "modelbundle.dev/bundle")
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def _owners_of_pods(namespace: str) -> list[str]:
    return [pod["metadata"]["labels"]["modelbundle.dev/bundle"] for pod in _pods(namespace)]


def _stalled(namespace: str) -> set[str]:
    return {name for name in (*TRIED, *LOADS) if condition(get("mbun", name, namespace), "Stalled")}


def _gave_back(name: str, namespace: str) -> bool:
    """The Deployment is scaled first, and the status is written after that."""
    deployment = get("deployment", name, namespace)
    said = _said(name, namespace, "so that they hold no GPU; they are made again at")
    return said and deployment is not None and deployment["spec"]["replicas"] == 0
