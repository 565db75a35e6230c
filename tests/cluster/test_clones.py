"""Clones on a real cluster: there and back with equal digests, a base that comes late or goes, and many at once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.audit import AuditLog, about, counted
from tests.cluster.bundles import SMALL, cpu_bundle, typed, wait_condition, wait_ready
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

MANY = 200
HEALS = 30.0  # seconds: half of the resync, which would heal it too
MODEL = "def load(app_config): return app_config\n"
PREDICT = "def load(app_config, model):\n    def predict(x, y):\n        return [model, x]\n    return predict\n"


def clone(name: str, of: str, *, digest: str = "", serving: Manifest | None = None, **fields: Any) -> Manifest:
    asked = {"name": of, **({"digest": digest} if digest else {})}
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelBundle",
        "metadata": {"name": name},
        "spec": {
            "bundle": {"cloneFrom": asked, **fields},
            "serving": {"gpu": {"count": 0}, "resources": SMALL, **(serving or {})},
        },
    }


@pytest.mark.exclusive  # restarts the operator
def test_there_and_back_without_the_base(
    operator: object, namespace: str, store: Store, capture: Callable[[str, str], None]
) -> None:
    """The seed's third block: single, batched, single again; the base deleted, the operator restarted in between."""
    base = cpu_bundle(store, "single", model=MODEL, predict=PREDICT, appConfig={"mode": "single"})
    apply(base, namespace=namespace)
    first = wait_ready("single", namespace)["status"]
    apply(clone("batched", "single", digest=first["digest"], appConfig={"mode": "batched"}), namespace=namespace)
    wait_ready("batched", namespace)
    kubectl("delete", "mbun", "single", namespace=namespace)
    kubectl("rollout", "restart", "deployment/modelbundle-operator", namespace="modelbundle-system")
    kubectl("rollout", "status", "deployment/modelbundle-operator", namespace="modelbundle-system", timeout=190)
    apply(clone("single-again", "batched", appConfig={"mode": "single"}), namespace=namespace)
    third = wait_ready("single-again", namespace)["status"]
    second = wait_ready("batched", namespace)["status"]
    assert first["digest"] == third["digest"] != second["digest"]
    assert third["lineage"] == {"root": "single", "parent": "batched", "depth": 2, "changed": ["appConfig"]}
    for name, mode in (("batched", "batched"), ("single-again", "single")):
        answer = from_host(name, namespace, {"x": 2, "y": ""})
        assert (answer.status, answer.value) == (200, [{"mode": mode}, 2])
    for selected in ("status.lineage.root=single", f"status.digest={third['digest']}"):
        assert "single-again" in kubectl("get", "mbun", "--field-selector", selected, namespace=namespace)
    shown = [
        typed(command, namespace)
        for command in (
            "kubectl get mbun -o wide --field-selector status.lineage.root=single",
            "kubectl get mbun single-again -o jsonpath={.status.lineage}",
            "kubectl get deployments -l modelbundle.dev/root=single -L modelbundle.dev/root,modelbundle.dev/digest",
        )
    ]
    capture("family", "\n".join(shown))
    pods = list_all("pods", namespace, "modelbundle.dev/root=single")
    assert {pod["metadata"]["labels"]["modelbundle.dev/bundle"] for pod in pods} >= {"batched", "single-again"}


@pytest.mark.exclusive  # a watch wakes it, long before a resync
def test_a_clone_that_waits_goes_on_when_its_base_comes(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    stored = {"replicas": 0}
    apply(clone("early", "late", serving=stored), clone("earlier", "early", serving=stored), namespace=namespace)
    wait_condition("early", namespace, "Ready", "False", "BaseNotFound")
    wait_condition("earlier", namespace, "Ready", "False", "BaseNotResolved")
    started = time.monotonic()
    apply(cpu_bundle(store, "late", serving=stored), namespace=namespace)
    created = time.monotonic()
    while not (get("mbun", "earlier", namespace) or {})["status"].get("resolved"):
        assert time.monotonic() - created < HEALS, "the clone of the clone is not resolved"
    show(f"base applied to both levels of clones resolved: {time.monotonic() - started:.2f} s, kubectl included")
    wait_ready("earlier", namespace)
    kubectl("delete", "mbun", "late", "early", namespace=namespace)
    time.sleep(2)
    assert condition(get("mbun", "earlier", namespace), "Ready")["reason"] == "Stored"


def test_another_base_of_the_name_is_refused_where_a_digest_is_asked_for(
    operator: object, namespace: str, store: Store
) -> None:
    stored = {"replicas": 0}
    base = cpu_bundle(store, "base", serving=stored)
    apply(base, namespace=namespace)
    digest = wait_ready("base", namespace)["status"]["digest"]
    kubectl("delete", "mbun", "base", namespace=namespace)
    other = json.loads(json.dumps(base))
    other["spec"]["bundle"]["env"] = [{"name": "OTHER", "value": "1"}]
    apply(other, clone("exact", "base", digest=digest, serving=stored), namespace=namespace)
    changed = wait_condition("exact", namespace, "Ready", "False", "BaseChanged")
    assert condition(changed, "Stalled")["status"] == "True"
    kubectl("delete", "mbun", "base", namespace=namespace)
    apply(base, namespace=namespace)
    assert wait_ready("exact", namespace)["status"]["digest"] == digest


def test_what_answers_is_said_when_status_and_base_are_lost(operator: object, namespace: str, store: Store) -> None:
    base = cpu_bundle(store, "base", serving={"replicas": 0})
    endpoint = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelEndpoint", "metadata": {"name": "stable"},
                "spec": {"bundle": "lost"}}  # fmt: skip
    apply(base, clone("lost", "base", env=[{"name": "A", "value": "1"}]), endpoint, namespace=namespace)
    before = wait_ready("lost", namespace)["status"]
    (pod,) = list_all("pods", namespace, "modelbundle.dev/bundle=lost")
    wait_for("the endpoint", lambda: _endpoint(namespace).get("bundle") == "lost", 60)

    # where it comes from is forged: computed from the record again
    _overwrite_status("lost", {"lineage": {**before["lineage"], "root": "forged", "depth": 7}}, namespace)
    wait_for("the lineage", lambda: _status("lost", namespace)["lineage"] == before["lineage"], 60)

    kubectl("delete", "mbun", "base", namespace=namespace)
    nothing = '[{"op": "replace", "path": "/status", "value": {"observedGeneration": -1}}]'
    kubectl("patch", "mbun", "lost", "--subresource=status", "--type=json", "-p", nothing, namespace=namespace)
    lost = wait_condition("lost", namespace, "Ready", "False", "BaseNotFound", 60)
    answers = f"1 pod of {before['digest']} answers at http://lost.{namespace}.svc/predict"
    assert f"Meanwhile {answers}" in condition(lost, "Ready")["message"]
    assert (condition(lost, "Available")["status"], lost["status"]["readyReplicas"]) == ("True", 1)
    wait_for("the endpoint's word", lambda: "bundle" not in _endpoint(namespace), 60)
    live = get("mep", "stable", namespace) or {}
    assert condition(live, "Ready")["status"] == "True"
    assert f"with {before['digest']}, which ModelBundle lost was before" in condition(live, "Ready")["message"]
    wait_for("why it waits", lambda: "BaseNotFound" in _said_of_the_move(namespace), 60)
    assert from_host("stable", namespace, {"x": 2, "y": "abc"}).value == 7
    kept = kubectl("get", "configmap", "lost", "-o", r"jsonpath={.data.bundle\.json}", namespace=namespace)
    assert "sha256:" + hashlib.sha256(kept.encode()).hexdigest() == before["digest"]

    apply(base, namespace=namespace)
    assert wait_ready("lost", namespace)["status"]["digest"] == before["digest"]
    (still,) = list_all("pods", namespace, "modelbundle.dev/bundle=lost")
    assert still["metadata"]["uid"] == pod["metadata"]["uid"]


def _overwrite_status(name: str, status: Manifest, namespace: str) -> None:
    patch = json.dumps({"status": status})
    kubectl("patch", "mbun", name, "--subresource=status", "--type=merge", "-p", patch, namespace=namespace)


def _status(name: str, namespace: str) -> Manifest:
    return dict((get("mbun", name, namespace) or {})["status"])


def _said_of_the_move(namespace: str) -> str:
    return str(condition(get("mep", "stable", namespace) or {}, "Reconciling").get("message"))


def _endpoint(namespace: str) -> Manifest:
    return dict((get("mep", "stable", namespace) or {}).get("status") or {})


@pytest.mark.exclusive  # counts and times the operator under a load of its own
def test_two_hundred_clones_at_once(
    operator: object, namespace: str, store: Store, place: Place, show: Callable[[str], None]
) -> None:
    if place.audit_log is None:
        pytest.skip("CLUSTER_AUDIT_LOG is not set: needs the API server's audit log")
    stored = {"replicas": 0}
    apply(cpu_bundle(store, "base", serving=stored), namespace=namespace)
    wait_ready("base", namespace)
    audit = AuditLog(place.audit_log)
    started = time.monotonic()
    apply(
        *(clone(f"clone-{n}", "base", serving=stored, env=[{"name": "N", "value": str(n)}]) for n in range(MANY)),
        namespace=namespace,
        timeout=180,
    )
    applied = time.monotonic() - started

    def ready() -> bool:
        bundles = list_all("mbun", namespace)
        return sum(condition(bundle, "Ready").get("status") == "True" for bundle in bundles) == MANY + 1

    wait_for(f"{MANY} clones Ready", ready, 180)
    seconds = time.monotonic() - started
    calls = about(audit.calls(), namespace)
    show(
        f"{MANY} clones applied at once: kubectl took {applied:.1f} s, all Ready after {seconds:.1f} s,"
        f" {len(calls) / MANY:.2f} API calls of the operator each ({counted(calls)})"
    )
    assert len({bundle["status"]["digest"] for bundle in list_all("mbun", namespace)}) == MANY + 1
    assert len(calls) / MANY < 4
