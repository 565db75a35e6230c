"""Which pods count: what a user may put on a pod of their own makes it none of a bundle's. And when a worker is ready:
its container is as soon as it runs, where its template has no startup probe."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.judge.bodies import observe_pod

from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, IDLE_OPTION
from tools.testkit.cluster_objects import pod, running, serving_pod

MADE_BY: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "llama-t1", "controller": True}
STRANGERS: dict[str, list[dict[str, Any]]] = {
    "of nobody": [],
    "of another ReplicaSet": [{**MADE_BY, "name": "imposter-t1"}],
    "of a ReplicaSet of another template": [{**MADE_BY, "name": "llama-t2"}],
    "of a Job of that name": [{**MADE_BY, "apiVersion": "batch/v1", "kind": "Job"}],
    "of an owner that does not control it": [{**MADE_BY, "controller": False}],
}


def test_a_pod_of_the_bundles_deployment_counts() -> None:
    assert observe_pod(serving_pod()).counts


@pytest.mark.parametrize("whose", STRANGERS)
def test_a_pod_with_all_our_labels_does_not(whose: str) -> None:
    pod = serving_pod()
    pod["metadata"]["ownerReferences"] = STRANGERS[whose]
    assert not observe_pod(pod).counts


@pytest.mark.parametrize(
    ("probed", "runs", "serves", "ready"),
    [
        (False, True, True, True),
        (False, True, False, False),
        (False, False, True, False),
        (True, True, False, True),
        (True, False, False, False),
    ],
)
def test_a_worker_is_ready_once_the_bundle_is_loaded(probed: bool, runs: bool, serves: bool, ready: bool) -> None:
    body = pod(server=running(6, ready=serves), worker=running(7, ready=runs))
    if probed:  # by a template of an older version
        body["spec"]["containers"][0]["startupProbe"] = {"httpGet": {"path": "/internal/worker/started"}}
    assert observe_pod(body).containers["worker"].ready is ready


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 30, "3601", "0", "-1", "٣", "²", "soon", ""])
def test_an_idle_time_that_no_bundle_asks_for_is_nobodys(text: str) -> None:
    """A pod with our label may be anybody's."""
    body = serving_pod("any")
    body["spec"]["containers"] = [{"name": "server", "command": ["x", IDLE_OPTION, text]}]
    body["spec"]["initContainers"] = []
    assert observe_pod(body).idle_seconds == DEFAULT_IDLE_SECONDS
