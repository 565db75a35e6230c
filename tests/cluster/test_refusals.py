"""What keeps a bundle's children from being written is said by the bundle, and ends when its cause ends."""

from __future__ import annotations

import itertools
import subprocess
import time
from collections.abc import Callable

import pytest

from tests.cluster.audit import WRITES, AuditLog, about
from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.deployment_webhook import deployment_webhook
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.meanwhile import every
from tools.testkit.store import Store

# tries at 0 and 0.5 s; what the API server needs to call a webhook in vain, and a slow machine, come to it: half of the
# resync, which would try again too
SOON = 30.0


NOBODY_LISTENS = {"url": "https://127.0.0.1:1/"}


def test_a_webhook_that_is_down_is_named_by_new_and_edited_bundles_and_both_heal(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    apply(cpu_bundle(store, "edited"), namespace=namespace)
    wait_ready("edited", namespace)
    with deployment_webhook(namespace, NOBODY_LISTENS) as name:
        began = time.monotonic()
        apply(cpu_bundle(store, "created", serving={"replicas": 1}), namespace=namespace)
        kubectl("scale", "modelbundle", "edited", "--replicas=2", namespace=namespace)
        for bundle in ("created", "edited"):
            found = wait_condition(bundle, namespace, "Ready", "False", "ApplyRefused")
            assert f"The admission webhook {name} does not answer" in condition(found, "Ready")["message"]
        took = time.monotonic() - began
        show(f"a webhook that is down: both conditions say so after {took:.1f} s")
        assert took < SOON
        assert condition(found, "Available")["status"] == "True", "what serves goes on serving"
    for bundle in ("created", "edited"):
        wait_ready(bundle, namespace, timeout=120)


def test_a_full_quota_is_named_and_room_in_it_is_used_at_once(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "one-service"}}
    apply({**quota, "spec": {"hard": {"services": "1"}}}, namespace=namespace)
    wait_for(
        "the quota", lambda: (get("resourcequota", "one-service", namespace) or {}).get("status", {}).get("hard"), 60
    )
    apply(cpu_bundle(store, "first"), namespace=namespace)
    wait_ready("first", namespace)
    apply(cpu_bundle(store, "second"), namespace=namespace)
    refused = wait_condition("second", namespace, "Ready", "False", "ApplyRefused", timeout=SOON)
    assert "Raise the ResourceQuota one-service" in condition(refused, "Ready")["message"]
    time.sleep(20)  # by then the next try of its own is 15 s or more away
    kubectl("delete", "modelbundle", "first", namespace=namespace)
    began = time.monotonic()
    wait_for("the second one's Service", lambda: get("service", "second", namespace), 120)
    show(f"room in a quota: used after {time.monotonic() - began:.1f} s")
    wait_ready("second", namespace)


def test_a_service_that_does_not_go_is_named_with_its_finalizer(operator: object, namespace: str, store: Store) -> None:
    leaving: Manifest = {"name": "held", "finalizers": ["modelbundle.test/load-balancer"]}
    leaving["labels"] = {"app.kubernetes.io/managed-by": "modelbundle-operator"}
    apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": leaving, "spec": {"ports": [{"port": 80}]}},
        namespace=namespace,
    )
    kubectl("delete", "service", "held", "--wait=false", namespace=namespace)
    apply(cpu_bundle(store, "held"), namespace=namespace)
    found = wait_condition("held", namespace, "Ready", "False", "NameConflict", timeout=60)
    assert "modelbundle.test/load-balancer" in condition(found, "Ready")["message"]
    kubectl("patch", "service", "held", "--type=merge", "-p", '{"metadata":{"finalizers":null}}', namespace=namespace)
    wait_ready("held", namespace)


def test_a_controller_that_fights_for_a_deployment_is_named_and_costs_no_storm(
    operator: object, namespace: str, store: Store, audit: AuditLog, show: Callable[[str], None]
) -> None:
    apply(cpu_bundle(store, "fought", serving={"replicas": 1}), namespace=namespace)
    wait_ready("fought", namespace)
    edits = itertools.count(1)

    def fight() -> None:
        patch = f'{{"spec":{{"minReadySeconds":{next(edits) % 7 + 1}}}}}'
        words = ["patch", "deployment", "fought", "--type=merge", "-p", patch, "--field-manager=fighter"]
        subprocess.run(["kubectl", "-n", namespace, *words], capture_output=True, check=False)

    with every(0.5, fight):
        assert "fighter" in wait_for("the dispute to be said", lambda: _contended(namespace), 180)
        audit.mark()
        first = next(edits)
        apply(cpu_bundle(store, "beside", serving={"replicas": 0}), namespace=namespace)
        wait_condition("beside", namespace, "Ready", "True", "Stored", timeout=SOON)
        time.sleep(30)
    wrote = [
        event
        for event in about(audit.calls(), namespace)
        if event["verb"] in WRITES and event["objectRef"]["resource"] == "deployments"
    ]
    show(f"against {next(edits) - first} edits of a controller: {len(wrote)} writes to the Deployment")
    # after 2, 4, 8, 16 seconds an apply and a PUT, either of which may meet a conflict and come once more
    assert len(wrote) <= 5 * 4
    kubectl("scale", "modelbundle", "fought", "--replicas=2", namespace=namespace)
    wait_for("the user's edit", lambda: _replicas(namespace) == 2, SOON)
    wait_for(
        "the undoing", lambda: "minReadySeconds" not in (get("deployment", "fought", namespace) or {})["spec"], 480
    )


def _contended(namespace: str) -> str:
    found = condition(get("modelbundle", "fought", namespace), "Reconciling")
    return str(found["message"]) if found.get("reason") == "Contended" else ""


def _replicas(namespace: str) -> int:
    return int((get("deployment", "fought", namespace) or {})["spec"]["replicas"])


@pytest.mark.parametrize("stale", [False, True], ids=["without owners", "with owners of other uids"])
def test_a_restore_from_backup_serves_again(operator: object, namespace: str, store: Store, stale: bool) -> None:
    """Children first, as a restore may; all get other uids, and a controller's label marks them."""
    apply(cpu_bundle(store, "restored"), namespace=namespace)
    wait_ready("restored", namespace)
    saved = [_exported(kind, namespace, stale) for kind in ("ConfigMap", "Service", "Deployment", "ModelBundle")]
    digest = (get("modelbundle", "restored", namespace) or {})["status"]["digest"]
    kubectl("delete", "modelbundle", "restored", "--cascade=foreground", namespace=namespace, timeout=120)
    wait_for("its pods to go", lambda: not list_all("pods", namespace, "modelbundle.dev/bundle=restored"), 180)
    for body in saved:
        apply(body, namespace=namespace)
    bundle = wait_ready("restored", namespace, timeout=120)
    assert bundle["status"]["digest"] == digest
    # where owners of other uids were named, the garbage collector may take a child away once more
    wait_for("the bundle to own it", lambda: _owners(namespace) == [bundle["metadata"]["uid"]], 60)


def _owners(namespace: str) -> list[str]:
    owners = (get("deployment", "restored", namespace) or {})["metadata"]["ownerReferences"]
    return [owner["uid"] for owner in owners]


def _exported(kind: str, namespace: str, stale: bool) -> Manifest:
    body = get(kind, "restored", namespace) or {}
    kept = ("name", "labels", "annotations", *(["ownerReferences"] if stale else []))
    metadata = {name: value for name, value in body["metadata"].items() if name in kept}
    metadata.setdefault("labels", {})["velero.io/restore-name"] = "backup-1"
    spec = {name: value for name, value in body.get("spec", {}).items() if not name.startswith(("clusterIP", "ip"))}
    content = {"spec": spec} if spec else {"data": body["data"]}
    return {"apiVersion": body["apiVersion"], "kind": kind, "metadata": metadata, **content}
