"""A served bundle whose children are deleted or edited, and what has to be true of them again soon after."""

from __future__ import annotations

from tests.cluster.bundles import wait_ready
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, explain_bundle, get, wait_for

NAME = "healing"
CHILDREN = ("configmap", "service", "deployment")
EDITS = {
    "configmap": {"data": {"bundle.json": '{"schemaVersion":1}'}},
    "service": {"spec": {"selector": {"app": "foreign"}}},
    "deployment": {"spec": {"replicas": 3}},
}
ENV = [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "FOREIGN", "value": "1"}}]
ADDED = {
    "configmap": [{"op": "add", "path": "/data/more", "value": "x"}],
    "service": [{"op": "add", "path": "/spec/ports/-", "value": {"name": "more", "port": 99}}],
    "deployment": ENV,
}
# what is wanted cannot be valid beside it: a request above a limit, addresses that only a load balancer lets in
UNFIT = {
    "deployment": ("set", "resources", "-c", "worker", "--requests=cpu=1m", "--limits=cpu=1m"),
    "service": ("patch", "-p", '{"spec":{"type":"LoadBalancer","loadBalancerSourceRanges":["192.0.2.0/24"]}}'),
}


def spec(child: str, namespace: str) -> Manifest:
    """What is desired of a child: its data or spec, without what the API server assigns again."""
    found = get(child, NAME, namespace)
    assert found is not None
    return _desired(found)


def _desired(found: Manifest) -> Manifest:
    wanted = dict(found.get("spec") or {"data": found.get("data")})
    for assigned in ("clusterIP", "clusterIPs"):
        wanted.pop(assigned, None)
    return {"spec": wanted, "labels": found["metadata"]["labels"]}


def wait_for_spec(child: str, namespace: str, desired: Manifest, timeout: float) -> None:
    def look() -> bool:
        found = get(child, NAME, namespace)
        return found is not None and not found["metadata"].get("deletionTimestamp") and _desired(found) == desired

    wait_for(f"{child} as desired", look, timeout, lambda: explain_bundle(NAME, namespace))


def answers(namespace: str) -> None:
    wait_ready(NAME, namespace)
    wait_for("the prediction", lambda: from_host(NAME, namespace, {"x": 2, "y": "abc"}, 3).value == 7, 60)
