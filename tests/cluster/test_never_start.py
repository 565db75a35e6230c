"""Forty bundles that can never start, at once, on a node of four GPUs: none of them ever has one, and a good bundle
beside them has its own."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.never_start import GPU, ROWS
from tests.cluster.one_more_look import changes_nothing_more, deployments
from tools.testkit.kubectl import Manifest, apply, list_all
from tools.testkit.soak import in_soak
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,  # asks for every GPU of the node ten times over
    in_soak("forty Jobs and their pauses"),
    pytest.mark.timeout(1500),
]


def test_none_of_forty_ever_holds_a_gpu(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) == 40
    apply(*(row.make(store, namespace) for row in ROWS), namespace=namespace)
    began = time.monotonic()
    apply(cpu_bundle(store, "good", serving=GPU), namespace=namespace)
    wait_ready("good", namespace, 600)
    show(f"forty that can never start before it: a good bundle is Ready after {time.monotonic() - began:.1f} s")
    for row in ROWS:
        wait_condition(row.name, namespace, "Ready", "False", row.reason, timeout=900)
    show(f"each says what is wrong with it after {time.monotonic() - began:.1f} s")
    # the operator deletes no Deployment: where there is none, there never was a pod with a GPU
    assert [each["metadata"]["name"] for each in list_all("deployments", namespace)] == ["good"]
    with_gpu = [pod for pod in list_all("pods", namespace) if _asks_for_a_gpu(pod)]
    assert [pod["metadata"]["labels"]["modelbundle.dev/bundle"] for pod in with_gpu] == ["good"]
    changes_nothing_more(namespace, deployments)


def _asks_for_a_gpu(pod: Manifest) -> bool:
    spec = pod["spec"]
    return any(
        "nvidia.com/gpu" in (each["resources"].get("limits") or {})
        for each in spec["containers"] + spec["initContainers"]
    )
