"""A second version of the API beside the first, stored as the first one: edits by either restart and refuse nothing."""

from __future__ import annotations

import copy
import functools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.audit import AuditLog, about
from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = [pytest.mark.cluster, pytest.mark.exclusive]

CRD = "modelbundles.modelbundle.dev"
OLD, NEW = f"modelbundles.v1alpha1.{CRD.partition('.')[2]}", f"modelbundles.v1beta1.{CRD.partition('.')[2]}"

NEWER = f"/apis/modelbundle.dev/v1beta1/{CRD.partition('.')[0]}?limit=1"


@pytest.fixture
def both_versions(operator: object) -> Iterator[None]:
    """The CRD with v1beta1, of the same shape; conversion None, as it is by default."""
    versions = json.loads(kubectl("get", "crd", CRD, "-o", "json"))["spec"]["versions"]
    newer = {**copy.deepcopy(versions[0]), "name": "v1beta1", "storage": False}
    _set_versions([*versions, newer])
    try:
        wait_for("v1beta1 is served", lambda: NEW in _served() and kubectl("get", "--raw", NEWER), 60)
        yield
    finally:
        _set_versions(versions)
        wait_for("v1alpha1 alone is served", lambda: NEW not in _served(), 60)
        kubectl("api-resources", "--api-group=modelbundle.dev")  # it remembers for hours which versions there are


def test_edits_by_either_version_restart_nothing_and_meet_no_conflict(
    both_versions: None, namespace: str, store: Store, audit: AuditLog, show: Callable[[str], None]
) -> None:
    manifest = cpu_bundle(store, "either")
    apply(manifest, namespace=namespace)
    wait_ready("either", namespace)
    before = _pods(namespace)
    audit.mark()
    edits: list[tuple[str, dict[str, Any], int]] = [
        (NEW, {"metadata": {"labels": {"edited-by": "v1beta1"}}}, 1),
        (NEW, {"spec": {"serving": {"replicas": 2}}}, 2),
        (OLD, {"spec": {"serving": {"replicas": 1}}}, 1),
        (NEW, {"spec": {"serving": {"rollout": {"whenNoCapacity": "Replace"}}}}, 1),
        (OLD, {"spec": {"serving": {"rollout": {"whenNoCapacity": "Wait"}}}}, 1),
    ]
    for kind, edit, replicas in edits:
        kubectl("patch", kind, "either", "--type=merge", "-p", json.dumps(edit), namespace=namespace)
        wait_for("the edit in the Deployment", functools.partial(_has_replicas, namespace, replicas), 60)
    apply({**manifest, "apiVersion": "modelbundle.dev/v1beta1"}, namespace=namespace)
    wait_ready("either", namespace)
    wait_for("one pod", lambda: len(_pods(namespace)) == 1, 120)
    assert _pods(namespace).items() <= before.items(), "the pod of before serves, and its containers ran on"
    calls = about(audit.calls(), namespace)
    # a write that met the Deployment's moving status is sent again; one that could never succeed would be at each look
    assert len([call for call in calls if call["responseStatus"]["code"] == 409]) < len(edits)
    reasons = {event["reason"] for event in list_all("events", namespace)}
    assert not reasons & {"NameConflict", "ApplyRefused", "Contended"}
    assert get("modelbundle", "either", namespace)["status"]["conditions"][0]["reason"] == "Serving"  # type: ignore[index]
    time.sleep(5)
    audit.mark()
    kubectl("annotate", NEW, "either", "looked-at=once", "--overwrite", namespace=namespace)
    time.sleep(5)
    writes = [call for call in about(audit.calls(), namespace) if call["verb"] not in ("get", "list", "watch")]
    show(f"edits by v1alpha1 and v1beta1: 0 restarts; one more look at it: {len(writes)} writes")
    assert not writes


def _set_versions(versions: list[Any]) -> None:
    kubectl("patch", "crd", CRD, "--type=merge", "-p", json.dumps({"spec": {"versions": versions}}))


def _served() -> str:
    found = json.loads(kubectl("get", "--raw", "/apis/modelbundle.dev"))
    return " ".join(f"modelbundles.{each['version']}.modelbundle.dev" for each in found["versions"])


def _has_replicas(namespace: str, wanted: int) -> bool:
    deployment = get("deployment", "either", namespace) or {}
    return bool(deployment["spec"]["replicas"] == wanted)


def _pods(namespace: str) -> dict[str, int]:
    """Restarts of each pod's containers, by uid."""
    return {
        pod["metadata"]["uid"]: sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))
        for pod in list_all("pods", namespace)
        if (pod["metadata"].get("labels") or {}).get("modelbundle.dev/bundle") == "either"
    }
