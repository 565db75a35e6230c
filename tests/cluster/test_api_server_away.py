"""The API server is away: models serve, the operator is not restarted, and what waited is done soon after it is back.

For two minutes and for thirty, in `make soak` (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.cluster import outage
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.operator_pods import operator_ready, operator_restarts
from tools.testkit.call import from_host, service_url
from tools.testkit.kubectl import apply, get, kubectl, list_all, wait_for
from tools.testkit.soak import in_soak
from tools.testkit.store import Store

AWAY_SECONDS = (120, 1800)
CAUGHT_UP_SECONDS = 60

pytestmark = [
    pytest.mark.exclusive,
    pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="stops the API server: needs the local cluster"),
    in_soak("minutes without an API server"),
]


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("seconds", AWAY_SECONDS)
def test_models_serve_and_the_operator_goes_on(
    operator: object,
    namespace: str,
    store: Store,
    show: Callable[[str], None],
    seconds: int,
) -> None:
    apply(cpu_bundle(store, "serves"), namespace=namespace)
    wait_ready("serves", namespace, 120)
    wait_for("an answer", lambda: from_host("serves", namespace, {"x": 2, "y": "abc"}).value == 7, 60)
    operator_ready()
    before = operator_restarts()
    with _requests("serves", namespace) as answers:
        with _away():
            time.sleep(seconds)
        began = time.monotonic()
        # what a watch from before cannot tell of
        kubectl("delete", "service", "serves", namespace=namespace)
        apply(cpu_bundle(store, "late", serving={"replicas": 0}), namespace=namespace)
        refused = _wait_for_the_way(180)
        wait_ready("late", namespace, CAUGHT_UP_SECONDS)
        wait_for("the Service to be there again", lambda: get("service", "serves", namespace), CAUGHT_UP_SECONDS)
        took = time.monotonic() - began - refused
    while_away = [answer for at, answer in answers if at < began]
    show(
        f"API server away for {seconds} s: {len(while_away)} requests, {while_away.count('7')} answered; caught up"
        f" {took:.1f} s after pods could reach it again, which was {refused:.1f} s after it answered;"
        f" {operator_restarts() - before} operator restarts"
    )
    assert len(while_away) > seconds
    assert set(while_away) == {"7"}
    assert operator_restarts() == before
    assert took < CAUGHT_UP_SECONDS
    # the kubelet is back later than the operator, and what it tells of its pods is news
    wait_for("one more reconcile to change nothing", lambda: _is_still(namespace), CAUGHT_UP_SECONDS)
    _wait_for_the_controller_manager(namespace)


def _wait_for_the_way(timeout: float) -> float:
    """Seconds until the API server's Service leads to it. As it stops it takes its own address out of that Service, and
    kube-proxy, which then refuses every pod, asks again more and more rarely: after half an hour, once a minute."""
    address = kubectl("get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}", namespace="default")
    began = time.monotonic()
    wait_for("the way to the API server", lambda: _connects(address), timeout)
    return time.monotonic() - began


def _connects(address: str) -> bool:
    """An OSError until it does, which wait_for() waits through."""
    socket.create_connection((address, 443), timeout=2).close()
    return True


def _is_still(namespace: str) -> bool:
    versions = _versions(namespace)
    time.sleep(5)
    return _versions(namespace) == versions


def _wait_for_the_controller_manager(namespace: str) -> None:
    """It finds back to the API server later than the operator does, and makes what tests after this one begin with."""
    kubectl("delete", "serviceaccount", "default", namespace=namespace)
    wait_for("it to make the service account again", lambda: get("serviceaccount", "default", namespace), 180)


@contextmanager
def _away() -> Iterator[None]:
    """The API server's process is stopped; it is started when the block ends, and answers then."""
    outage.stop("apiserver")
    try:
        yield
    finally:
        outage.start("apiserver")


@contextmanager
def _requests(name: str, namespace: str) -> Iterator[list[tuple[float, str]]]:
    """When each was sent, and its answer or error; from this machine, as `kubectl exec` goes by the API server."""
    answers: list[tuple[float, str]] = []
    enough = threading.Event()

    def send(url: str) -> None:
        body = json.dumps({"x": 2, "y": "abc"}).encode()
        while not enough.wait(0.1):
            at = time.monotonic()
            request = urllib.request.Request(url, body, {"content-type": "application/json"})
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    answers.append((at, response.read().decode().strip()))
            except OSError as error:
                answers.append((at, str(error)))

    with service_url(name, namespace) as url:
        sender = threading.Thread(target=send, args=(f"{url}/predict",))
        sender.start()
        try:
            yield answers
        finally:
            enough.set()
            sender.join()


def _versions(namespace: str) -> list[str]:
    return [body["metadata"]["resourceVersion"] for body in list_all("modelbundles", namespace)]
