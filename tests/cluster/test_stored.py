"""A bundle of 0 replicas on a real cluster: one object, two calls; and what it served with when it serves again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import pytest

from tests.cluster.audit import AuditLog, about, counted
from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.test_clones import clone
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, explain_bundle, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

STORED = {"replicas": 0}
KINDS = "configmaps,services,deployments,replicasets"
SETTLES = 2.0  # seconds in which what comes right after Ready would come


def children(name: str, namespace: str) -> dict[str, Manifest]:
    return {each["kind"]: each for each in list_all(KINDS, namespace, f"modelbundle.dev/bundle={name}")}


@pytest.mark.exclusive  # counts calls
def test_it_costs_one_object_and_two_calls(
    operator: object, namespace: str, store: Store, audit: AuditLog, show: Callable[[str], None]
) -> None:
    base = cpu_bundle(store, "base", serving=STORED)
    for manifest in (base, clone("copy", "base", serving=STORED, env=[{"name": "A", "value": "1"}])):
        name = manifest["metadata"]["name"]
        audit.mark()
        apply(manifest, namespace=namespace)
        wait_ready(name, namespace)
        time.sleep(SETTLES)
        calls = about(audit.calls(), namespace)
        show(f"stored, {name}: {len(calls)} API calls of the operator from create to Ready ({counted(calls)})")
        assert len(calls) <= 2
        assert children(name, namespace) == {}


def test_its_digest_is_checked_without_a_config_map(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "base", serving=STORED), namespace=namespace)
    apply(clone("copy", "base", serving=STORED, appConfig={"mode": "é"}), namespace=namespace)
    status = wait_ready("copy", namespace)["status"]
    document = kubectl("get", "mbun", "copy", "-o", "jsonpath={.status.resolved.document}", namespace=namespace)
    assert "sha256:" + hashlib.sha256(document.encode()).hexdigest() == status["digest"]


def test_the_columns_tell_stored_from_waiting_from_refused(operator: object, namespace: str, store: Store) -> None:
    taken = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "refused"}, "spec": {"ports": [{"port": 80}]}}
    apply(taken, namespace=namespace)
    apply(
        cpu_bundle(store, "stored", serving=STORED),
        cpu_bundle(store, "refused"),
        clone("waiting", "nowhere", serving=STORED),
        namespace=namespace,
    )
    wait_ready("stored", namespace)
    wait_condition("refused", namespace, "Ready", "False", "NameConflict")
    wait_condition("waiting", namespace, "Ready", "False", "BaseNotFound")
    lines = [line.split()[:3] for line in kubectl("get", "mbun", namespace=namespace).splitlines()]
    assert lines == [
        ["NAME", "READY", "REASON"],
        ["refused", "False", "NameConflict"],
        ["stored", "True", "Stored"],
        ["waiting", "False", "BaseNotFound"],
    ]
    # stored, it needs no name
    kubectl("scale", "mbun/refused", "--replicas=0", namespace=namespace)
    wait_condition("refused", namespace, "Ready", "True", "Stored")


def test_what_it_has_served_with_is_there_when_it_serves_again(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "old", serving=STORED), namespace=namespace)
    wait_condition("old", namespace, "Ready", "True", "Stored")
    _serves_and_is_stored_again("old", namespace)
    kept = children("old", namespace)
    assert {"ConfigMap", "Service", "Deployment"} <= kept.keys()

    # a Deployment that another program scales is put back
    kubectl("scale", "deployment/old", "--replicas=1", namespace=namespace)
    wait_for("no pods", lambda: (get("deployment", "old", namespace) or {})["spec"]["replicas"] == 0, 60)

    _serves_and_is_stored_again("old", namespace)
    again = children("old", namespace)
    assert again["Service"]["spec"]["clusterIP"] == kept["Service"]["spec"]["clusterIP"]
    assert again["Deployment"]["metadata"]["uid"] == kept["Deployment"]["metadata"]["uid"]
    assert again["Deployment"]["spec"]["template"] == kept["Deployment"]["spec"]["template"]

    # whoever wants the address back takes them away
    selected = "modelbundle.dev/bundle=old"
    kubectl("delete", "configmap,service,deployment", "-l", selected, namespace=namespace)
    wait_for("none of them", lambda: not children("old", namespace), 60)
    time.sleep(SETTLES)
    assert children("old", namespace) == {}
    _serves_and_is_stored_again("old", namespace)


def test_pods_that_outlived_a_namesake_end(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "again"), namespace=namespace)
    wait_ready("again", namespace)
    kubectl("delete", "mbun", "again", "--cascade=orphan", namespace=namespace)
    assert list_all("pods", namespace, "modelbundle.dev/bundle=again")
    apply(cpu_bundle(store, "again", serving=STORED), namespace=namespace)
    wait_for("no pods", lambda: not list_all("pods", namespace, "modelbundle.dev/bundle=again"), 60)
    bundle = wait_condition("again", namespace, "Ready", "True", "Stored")
    its_own = dict.fromkeys(("ConfigMap", "Service", "Deployment"), bundle["metadata"]["uid"])
    wait_for("its own children", lambda: its_own.items() <= _owners("again", namespace).items(), 60)
    kubectl("delete", "mbun", "again", namespace=namespace)
    wait_for("all of it gone", lambda: not children("again", namespace), 60)


def _owners(name: str, namespace: str) -> dict[str, str]:
    """By kind, the uid of the child's one owner."""
    found = children(name, namespace)
    owners = {kind: each["metadata"].get("ownerReferences") or [] for kind, each in found.items()}
    return {kind: each[0]["uid"] for kind, each in owners.items() if len(each) == 1}


def _serves_and_is_stored_again(name: str, namespace: str) -> None:
    kubectl("scale", f"mbun/{name}", "--replicas=1", namespace=namespace)
    wait_condition(name, namespace, "Ready", "True", "Serving")
    wait_for("the prediction", lambda: from_host(name, namespace, {"x": 2, "y": "abc"}, 3).value == 7, 60)
    kubectl("scale", f"mbun/{name}", "--replicas=0", namespace=namespace)
    pods = f"modelbundle.dev/bundle={name}"
    wait_for("no pods", lambda: not list_all("pods", namespace, pods), 60, lambda: explain_bundle(name, namespace))
    wait_condition(name, namespace, "Ready", "True", "Stored")
