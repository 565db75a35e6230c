"""One operator works and one stands by: when the first one is lost, the other one takes over and both never write.

`make soak` loses each ten times (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from tests.cluster.audit import AuditLog, about
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.load import load
from tests.cluster.operator_pods import (
    LEASE,
    SYSTEM,
    holder,
    leader,
    operator_pods,
    operator_ready,
    process_of,
    writes_by_pod,
)
from tests.cluster.test_endpoints import ask_for, endpoint, versions, wait_moved
from tools.testkit.call import start_client
from tools.testkit.kubectl import Manifest, apply, get, kubectl, wait_for
from tools.testkit.soak import SOAK, in_soak
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive

TAKEOVER_SECONDS = 15.0
BUNDLES = 6
AT_MOST_SECONDS = 300.0  # of traffic


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
        with contextlib.suppress(ProcessLookupError):  # its kubelet may have ended it, as it answers no probe
            os.kill(process, signal.SIGCONT)


def _process_of(pod: Manifest) -> int:
    try:
        return process_of(pod)
    except LookupError as error:
        pytest.skip(f"{error}: signals are sent from here")


@contextmanager
def cut_off(pod: Manifest) -> Iterator[None]:
    """Its packets are dropped, both ways, until another one leads and has written."""
    rules = [(chain, device, "lo") for chain, device in (("INPUT", "--in-interface"), ("OUTPUT", "--out-interface"))]
    # held open: the pod keeps its network when its kubelet ends the process, as it answers no probe
    with Path(f"/proc/{_process_of(pod)}/ns/net").open() as network:
        inside = ("nsenter", f"--net=/proc/{os.getpid()}/fd/{network.fileno()}", "iptables", "--wait")
        try:
            for chain, device, name in rules:
                subprocess.run([*inside, "--insert", chain, "!", device, name, "--jump", "DROP"], check=True)
            yield
        finally:
            for chain, device, name in rules:
                subprocess.run([*inside, "--delete", chain, "!", device, name, "--jump", "DROP"], check=True)


@contextmanager
def drained(pod: Manifest) -> Iterator[None]:
    """As `kubectl drain` does it, by the Eviction API: SIGTERM, and the Lease is given back."""
    name = pod["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": SYSTEM}}
    path = f"/api/v1/namespaces/{SYSTEM}/pods/{name}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))
    yield


@pytest.mark.parametrize("nth", range(10 if SOAK else 1))
@pytest.mark.parametrize("lost", [killed, stopped, cut_off, drained], ids=lambda way: way.__name__)
def test_the_other_one_takes_over_and_the_first_one_writes_nothing_more(
    operator: object,
    namespace: str,
    store: Store,
    audit: AuditLog,
    show: Callable[[str], None],
    lost: Callable[[Manifest], object],
    nth: int,
) -> None:
    operator_ready()
    first, before = leader(), holder()
    wait_for("both pods", lambda: len(operator_pods()) == 2, 60)
    audit.mark()
    names = [f"b{number}" for number in range(BUNDLES)]
    manifests = [cpu_bundle(store, name, serving={"replicas": 0}) for name in names]
    apply(*manifests[: BUNDLES // 2], namespace=namespace)
    wait_for("a first write", lambda: get("modelbundle", names[0], namespace)["status"].get("conditions"), 60)  # type: ignore[index]
    began = time.time()
    with lost(first):  # type: ignore[attr-defined]
        apply(*manifests[BUNDLES // 2 :], namespace=namespace)
        wait_for("another holder", lambda: holder() not in (before, ""), 120)
        took = _acquired() - began
        for name in names:
            wait_ready(name, namespace)
        caught_up = time.time() - began
    operator_ready()
    time.sleep(3)  # for what the first one still has in hand
    successor = leader()["metadata"]["name"]
    wrote = writes_by_pod(audit.calls())
    of = [pod for pod, _ in wrote]
    show(
        f"{lost.__name__}, {nth}: another one leads after {took:.1f} s, all {BUNDLES} bundles are Ready after"
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


def _acquired() -> float:
    """When the Lease's holder took it, by its own word: what kubectl takes to tell does not count."""
    return datetime.fromisoformat((get("lease", LEASE, SYSTEM) or {})["spec"]["acquireTime"]).timestamp()


def test_a_lease_that_was_deleted_is_made_again(operator: object, namespace: str, store: Store) -> None:
    operator_ready()
    kubectl("delete", "lease", "modelbundle-operator", namespace=SYSTEM)
    wait_for("a holder", holder, 120)
    apply(cpu_bundle(store, "after", serving={"replicas": 0}), namespace=namespace)
    wait_ready("after", namespace)


@in_soak("a move takes a minute")
def test_an_endpoint_moves_over_a_takeover_and_loses_no_request(
    operator: object, namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    operator_ready()
    start_client(namespace)
    apply(*versions(store, "v1", "v2"), endpoint("v1"), namespace=namespace)
    digests = {name: wait_ready(name, namespace, 120)["status"]["digest"] for name in ("v1", "v2")}
    wait_moved("v1", namespace)
    before = holder()
    with load("stable", namespace, AT_MOST_SECONDS) as traffic:
        time.sleep(2)
        ask_for("v2", namespace)
        with killed(leader()):
            wait_for("another holder", lambda: holder() not in (before, ""), 60)
        wait_moved("v2", namespace)
        time.sleep(2)
    answers = traffic.answers
    assert not traffic.lost, f"{len(traffic.lost)} of {len(answers)} lost, first: {traffic.lost[:3]}"
    assert {answer.digest for answer in answers} == set(digests.values())
    show(f"an endpoint moved while its operator was killed: {len(answers)} requests, 0 lost")
    operator_ready()
