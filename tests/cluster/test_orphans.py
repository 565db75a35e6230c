"""`kubectl delete --cascade=orphan` leaves what serves: the operator counts and names it until it is taken back."""

from __future__ import annotations

from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.operator_pods import leader, metric, operator_logs
from tools.testkit.kubectl import apply, get, kubectl, wait_for
from tools.testkit.store import Store

RESYNC = 150.0  # SETTINGS of conftest.py say 60 s; jitter and a slow machine come to it


def test_what_an_orphaning_delete_leaves_is_reported_and_taken_back(
    operator: object, namespace: str, store: Store
) -> None:
    manifest = cpu_bundle(store, "left")
    apply(manifest, namespace=namespace)
    wait_ready("left", namespace)
    before = _orphaned_deployments()
    kubectl("delete", "modelbundle", "left", "--cascade=orphan", namespace=namespace)
    words = f"Deployment {namespace}/left has no ModelBundle any more"
    # other tests leave some as well, for moments
    wait_for("it to be named and counted", lambda: words in operator_logs() and _orphaned_deployments() >= 1, RESYNC)
    deployment = get("deployment", "left", namespace) or {}
    apply(manifest, namespace=namespace)
    bundle = wait_ready("left", namespace)
    taken_back = get("deployment", "left", namespace) or {}
    assert [owner["uid"] for owner in taken_back["metadata"]["ownerReferences"]] == [bundle["metadata"]["uid"]]
    assert taken_back["metadata"]["generation"] == deployment["metadata"]["generation"], "no pod was restarted"
    wait_for("the count to fall", lambda: _orphaned_deployments() <= before, 2 * RESYNC)


def _orphaned_deployments() -> float:
    return metric(leader(), 'modelbundle_operator_orphans{kind="Deployment"}')
