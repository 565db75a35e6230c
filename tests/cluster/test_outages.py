"""The artifact store or the package index is down: the condition says which, and all goes on when it is back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.cluster import outage
from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tools.testkit.call import from_host
from tools.testkit.kubectl import apply, condition, kubectl, wait_for
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,
    pytest.mark.skipif(
        bool(os.environ.get("CLUSTER")), reason="stops the S3 server and the package index: needs the local cluster"
    ),
]
DOWN = {"no-store": ("StoreUnreachable", "s3.local-cluster.svc"), "no-index": ("IndexUnreachable", "packages")}


@pytest.fixture(scope="module")
def suffering(operator: object, make_namespace: Callable[..., str], store: Store) -> Iterator[str]:
    """One bundle that needs the store and one that needs the index, each applied while it was down."""
    namespace = make_namespace("outages")
    no_store = cpu_bundle(store, "no-store")
    no_index = cpu_bundle(store, "no-index", requirements=["humanize==4.10.0"])
    try:
        outage.stop("packages")
        apply(no_index, namespace=namespace)
        wait_condition("no-index", namespace, "ArtifactVerified", "True")
        outage.stop("s3")
        apply(no_store, namespace=namespace)
        for name, (reason, _) in DOWN.items():
            wait_condition(name, namespace, "Ready", "False", reason, 300)
        yield namespace
    finally:
        outage.start("s3")
        outage.start("packages")
        kubectl("delete", "namespace", namespace, "--wait=false")


@pytest.mark.parametrize("name", DOWN)
def test_condition_says_what_is_down(suffering: str, name: str) -> None:
    reason, where = DOWN[name]
    bundle = wait_condition(name, suffering, "Ready", "False", reason)
    assert where in condition(bundle, "Ready")["message"]
    assert not condition(bundle, "Stalled")


def test_both_go_on_when_it_is_back(suffering: str) -> None:
    """Last of this file: it starts what was stopped."""
    outage.start("s3")
    outage.start("packages")
    for name in DOWN:
        # the kubelet starts a container that failed again and again after up to five minutes
        wait_ready(name, suffering, 450)
        # the node follows a pod's readiness a moment later
        answer = wait_for("an answer", lambda: from_host(name, suffering, {"x": 2, "y": "abc"}, timeout=5), 60)  # noqa: B023
        assert answer.value == 7
