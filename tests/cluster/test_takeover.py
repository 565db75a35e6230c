"""One operator works and one stands by: when the first one is lost, the other one takes over and both never write."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.audit import AuditLog, about
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.operator_pods import (
    SYSTEM,
    holder,
    leader,
    operator_pods,
    operator_ready,
    process_of,
    writes_by_pod,
)
from tools.testkit.kubectl import Manifest, apply, get, kubectl, wait_for
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive

TAKEOVER_SECONDS = 15.0
BUNDLES = 6


@contextmanager
def killed(pod: Manifest) -> Iterator[None]:
    """SIGKILL: nothing is given back, and the container starts again."""
    os.kill(_process_of(pod), signal.SIGKILL)
    yield


@contextmanager
def stopped(pod: Manifest) -> Iterator[None]:
    """SIGSTOP until another one leads and has written, then SIGCONT: it goes on in the middle of what it did."""
    process = _process_of(pod)
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def _process_of(pod: Manifest) -> int:
    try:
        return process_of(pod)
    except LookupError as error:
        pytest.skip(f"{error}: signals are sent from here")


@contextmanager
def deleted(pod: Manifest) -> Iterator[None]:
    """As a drain does it: SIGTERM, and the Lease is given back."""
    kubectl("delete", "pod", pod["metadata"]["name"], "--wait=false", namespace=SYSTEM)
    yield


@pytest.mark.parametrize("lost", [killed, stopped, deleted], ids=lambda way: way.__name__)
def test_the_other_one_takes_over_and_the_first_one_writes_nothing_more(
    operator: object,
    namespace: str,
    store: Store,
    audit: AuditLog,
    show: Callable[[str], None],
    lost: Callable[[Manifest], object],
) -> None:
    operator_ready()
    first, before = leader(), holder()
    assert len(operator_pods()) == 2
    audit.mark()
    names = [f"b{number}" for number in range(BUNDLES)]
    manifests = [cpu_bundle(store, name, serving={"replicas": 0}) for name in names]
    apply(*manifests[: BUNDLES // 2], namespace=namespace)
    wait_for("a first write", lambda: get("modelbundle", names[0], namespace)["status"].get("conditions"), 30)  # type: ignore[index]
    began = time.monotonic()
    with lost(first):  # type: ignore[attr-defined]
        apply(*manifests[BUNDLES // 2 :], namespace=namespace)
        wait_for("another holder", lambda: holder() not in (before, ""), 60)
        took = time.monotonic() - began
        for name in names:
            wait_ready(name, namespace)
        caught_up = time.monotonic() - began
    operator_ready()
    time.sleep(3)  # for what the first one still has in hand
    successor = leader()["metadata"]["name"]
    wrote = writes_by_pod(audit.calls())
    of = [pod for pod, _ in wrote]
    show(
        f"{lost.__name__}: another one leads after {took:.1f} s, all {BUNDLES} bundles are Ready after"
        f" {caught_up:.1f} s; writes: {of.count(first['metadata']['name'])} of the first, {of.count(successor)} of the"
        " other"
    )
    if lost is not killed:  # its container starts again as another holder, who may be first at the Lease
        assert successor != first["metadata"]["name"]
    if successor != first["metadata"]["name"]:
        assert first["metadata"]["name"] not in of[of.index(successor) :], (
            "nothing of the first after the other's first"
        )
    assert took < TAKEOVER_SECONDS
    audit.mark()
    kubectl("annotate", "modelbundle", names[0], "touched=yes", namespace=namespace)
    time.sleep(3)
    assert writes_by_pod(about(audit.calls(), namespace)) == [], "one more reconcile changes nothing"


def test_a_lease_that_was_deleted_is_made_again(operator: object, namespace: str, store: Store) -> None:
    operator_ready()
    kubectl("delete", "lease", "modelbundle-operator", namespace=SYSTEM)
    wait_for("a holder", holder, 60)
    apply(cpu_bundle(store, "after", serving={"replicas": 0}), namespace=namespace)
    wait_ready("after", namespace)
