"""Containers that webhooks of others put into a pod: named where they hold it up, and not where they do not."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.judge.conditions import judge

from tests.operator.judge.test_conditions import LOADING, report, seen
from tools.testkit.cluster_objects import completed, ended, over, pod, running, serving_pod, waiting

Body = dict[str, Any]
PROXY = "istio-proxy"
CRASHES = waiting("CrashLoopBackOff", "back-off 10s restarting failed container", last=over(1), restarts=2)
NO_STORE = waiting("CrashLoopBackOff", last=over(1, report("StoreUnreachable")), restarts=2)
READY_BUNDLE: Body = {"prepare": completed(), "server": running(6, ready=True), "worker": running(7, ready=True)}


def meshed(status: Body, made: Body, *, beside: bool = False) -> Body:
    """The pod with the proxy of a mesh, before its own containers or beside them."""
    field = "containerStatuses" if beside else "initContainerStatuses"
    made["status"][field].insert(0, {"name": PROXY, **status})
    return made


def ready(*pods: Body) -> tuple[str, str, str]:
    found = judge(seen(*pods)).conditions[0]
    return found.status, str(found.reason), found.message


@pytest.mark.parametrize(
    ("status", "reason", "says"),
    [
        (CRASHES, "RuntimeCrashed", "it ended with exit code 1, and is started again"),
        (running(30, last=over(2), restarts=1), "RuntimeCrashed", "it ended with exit code 2"),
        (waiting("ImagePullBackOff", "Back-off pulling image"), "ImagePullFailed", "cannot be pulled"),
        (waiting("ErrImagePull", "not found"), "ImagePullFailed", "cannot be pulled"),
        (waiting("CreateContainerConfigError", 'configmap "istio-ca-root-cert" not found'), "RuntimeCrashed",
         'it cannot be started: configmap "istio-ca-root-cert" not found'),
    ],
)  # fmt: skip
def test_one_that_holds_the_pod_up_is_said_with_its_name(status: Body, reason: str, says: str) -> None:
    found = ready(meshed(status, pod(prepare=waiting("PodInitializing"))))
    assert found[:2] == ("False", reason)
    assert f"container {PROXY} is not the bundle's, a webhook has put it into the pod" in found[2]
    assert says in found[2]
    assert f"kubectl logs -c {PROXY}" in found[2]


def test_both_words_of_the_kubelet_about_an_image_are_one_message() -> None:
    said = {ready(meshed(waiting(word, word), pod()))[2] for word in ("ErrImagePull", "ImagePullBackOff")}
    assert len(said) == 1


def test_what_is_started_first_is_the_cause() -> None:
    assert PROXY in ready(meshed(CRASHES, pod(prepare=NO_STORE)))[2]
    assert ready(meshed(CRASHES, pod(prepare=NO_STORE), beside=True))[1] == "StoreUnreachable"
    assert PROXY in ready(meshed(CRASHES, pod(**LOADING, worker=running(7)), beside=True))[2]


@pytest.mark.parametrize("status", [running(3, ready=True), ended(0), running(3)])
def test_one_that_runs_or_is_over_holds_nothing_up(status: Body) -> None:
    assert ready(meshed(status, pod(prepare=running(4))))[:2] == ("Unknown", "Progressing")
    assert ready(meshed(status, serving_pod()))[:2] == ("True", "Serving")


def test_a_bundle_that_is_loaded_and_waits_for_another_container_says_so() -> None:
    found = ready(meshed(running(3), pod(**READY_BUNDLE), beside=True))
    assert found[:2] == ("Unknown", "Progressing")
    assert f"the bundle is loaded, and the pod waits for {PROXY}" in found[2]
