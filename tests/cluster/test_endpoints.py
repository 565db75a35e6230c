"""A ModelEndpoint on a real cluster: moved there and back under traffic, and what is in its way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.cluster.bundles import cpu_bundle, typed, wait_ready
from tests.cluster.load import Load, load
from tests.cluster.waiting import wait_until
from tools.testkit.call import CLIENT, from_host, from_pod, start_client
from tools.testkit.kubectl import KubectlError, Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

AT_MOST = 300.0  # seconds of traffic
LEAST = 4000  # requests, the moves and pauses take longer than the 20 s in which these are sent


def endpoint(bundle: str, name: str = "stable") -> Manifest:
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": name},
        "spec": {"bundle": bundle},
    }


def versions(store: Store, *names: str) -> list[Manifest]:
    serving = {"idleSeconds": 5}  # a move waits for it
    return [cpu_bundle(store, name, serving=serving, env=[{"name": "VERSION", "value": name}]) for name in names]


def wait_moved(bundle: str, namespace: str, timeout: float = 240) -> Manifest:
    def holds(found: Manifest) -> bool:
        return bool(found.get("status", {}).get("bundle") == bundle)

    return _wait(f"the endpoint to report {bundle}", holds, namespace, timeout)


def ask_for(bundle: str, namespace: str) -> None:
    kubectl("patch", "mep", "stable", "--type=merge", "-p", json.dumps({"spec": {"bundle": bundle}}),
            namespace=namespace)  # fmt: skip


@pytest.mark.exclusive  # counts requests
@pytest.mark.runs_last(2)  # in the two minutes of test_rest.py
def test_there_and_back_under_traffic(
    operator: object,
    namespace: str,
    store: Store,
    show: Callable[[str], None],
    capture: Callable[[str, str], None],
) -> None:
    start_client(namespace)
    apply(*versions(store, "v1", "v2"), endpoint("v1"), namespace=namespace)
    digests = {name: wait_ready(name, namespace)["status"]["digest"] for name in ("v1", "v2")}
    wait_moved("v1", namespace)
    # a Service that is seconds old is refused until kube-proxy knows it; what is counted here is moves
    wait_for("the name to answer", lambda: from_pod("stable", namespace, {"x": 1, "y": ""}).status == 200, 60)
    time.sleep(2)
    before = {name: _predictions(name, namespace) for name in digests}
    reported, took, shown = [], [], []
    with load("stable", namespace, AT_MOST) as traffic:
        time.sleep(5)
        for bundle in ("v2", "v1"):
            ask_for(bundle, namespace)
            began = time.time()
            _says("Ready", "Moving", namespace)
            shown.append(typed("kubectl get mep stable", namespace))
            wait_moved(bundle, namespace)
            reported.append((bundle, time.time()))
            shown.append(typed("kubectl get mep stable", namespace))
            took.append(time.time() - began)
            time.sleep(5)
        time.sleep(5)
    answers = traffic.answers
    capture("endpoint", "\n".join(shown[:2]))
    _check(traffic, digests, reported)
    counted = {name: _predictions(name, namespace) - before[name] for name in digests}
    by_digest = {name: sum(answer.digest == digest for answer in answers) for name, digest in digests.items()}
    assert counted == by_digest, "both sides count the same requests"
    kept = sum(answer.kept for answer in answers)
    seconds = max(answer.over for answer in answers) - min(answer.sent for answer in answers)
    show(
        f"endpoint moved v1 -> v2 -> v1 under {traffic.rate:.0f} requests/s for {seconds:.0f} s, no retries,"
        f" {kept} of them on kept-alive and {len(answers) - kept} on new connections: 0 lost; as clients and servers"
        f" counted v1 answered {by_digest['v1']} and v2 {by_digest['v2']}; none was answered by the former bundle after"
        f" the report, which came after {took[0]:.1f} s and {took[1]:.1f} s"
    )
    assert len(answers) >= LEAST


def _check(traffic: Load, digests: dict[str, str], reported: list[tuple[str, float]]) -> None:
    answers, lost = traffic.answers, traffic.lost
    assert not lost, f"{len(lost)} of {len(answers)} requests lost, first: {lost[:3]}"
    (second, at_second), (first, at_first) = reported
    wrong = [a for a in answers if at_second < a.sent and a.over < at_second + 4 and a.digest != digests[second]]
    wrong += [a for a in answers if at_first < a.sent and a.digest != digests[first]]
    assert not wrong, f"{len(wrong)} answered by the former bundle after the report: {wrong[:3]}"


def _predictions(bundle: str, namespace: str) -> int:
    """POST /predict as the bundle's servers counted them."""
    total = 0.0
    for pod in list_all("pods", namespace, f"modelbundle.dev/bundle={bundle}"):
        code = f"import urllib.request as u; print(u.urlopen('http://{pod['status']['podIP']}:8080/metrics').read().decode())"
        for line in kubectl("exec", CLIENT, "--", "python3", "-c", code, namespace=namespace).splitlines():
            if line.startswith("modelbundle_requests_total"):
                total += float(line.rpartition(" ")[2])
    return int(total)


def test_it_waits_for_what_is_missing_or_failing(operator: object, namespace: str, store: Store) -> None:
    (first,) = versions(store, "v1")
    apply(first, endpoint("v1"), endpoint("v1", "second"), namespace=namespace)
    wait_ready("v1", namespace)
    wait_moved("v1", namespace)
    wait_for("its Service", lambda: get("service", "second", namespace), 60)
    assert from_host("second", namespace, {"x": 2, "y": "abc"}).value == 7

    ask_for("v2", namespace)
    _says("Reconciling", "BundleNotFound", namespace)
    (second,) = versions(store, "v2")
    second["spec"]["bundle"]["artifact"]["sha256"] = "0" * 64
    apply(second, namespace=namespace)
    found = _says("Stalled", "BundleNotReady", namespace)
    assert "ArtifactDigestMismatch" in condition(found, "Stalled")["message"]
    assert found["status"]["bundle"] == "v1"
    assert from_host("stable", namespace, {"x": 2, "y": "abc"}).value == 7

    kubectl("delete", "mbun", "v1", namespace=namespace)
    ask_for("v1", namespace)
    _says("Ready", "BundleNotFound", namespace, "False")
    kubectl("delete", "mep", "second", namespace=namespace)
    wait_for("its Service to go", lambda: get("service", "second", namespace) is None, 60)


def test_a_foreign_service_of_the_name(operator: object, namespace: str, store: Store) -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "stable"},
               "spec": {"ports": [{"port": 80}], "selector": {"app": "theirs"}}}  # fmt: skip
    apply(service, endpoint("v1"), namespace=namespace)
    _says("Ready", "NameConflict", namespace, "False")
    assert (get("service", "stable", namespace) or {})["spec"]["selector"] == {"app": "theirs"}
    kubectl("delete", "service", "stable", namespace=namespace)
    _says("Ready", "BundleNotFound", namespace, "False")


def test_an_endpoint_and_a_bundle_cannot_have_one_name(operator: object, namespace: str, store: Store) -> None:
    with pytest.raises(KubectlError, match="a ModelEndpoint cannot have the name of its bundle"):
        apply(endpoint("stable"), namespace=namespace)
    (bundle,) = versions(store, "stable")
    apply(endpoint("v1"), bundle, namespace=namespace)
    conflict = {("mep", "ModelBundle"), ("mbun", "ModelEndpoint")}  # who came second says so

    def said() -> set[tuple[str, str]]:
        messages = {kind: condition(get(kind, "stable", namespace), "Ready").get("message", "") for kind, _ in conflict}
        return {(kind, other) for kind, other in conflict if f"is that of the {other} stable" in messages[kind]}

    assert wait_for("one of the two to say it", said, 60) <= conflict


def test_kubectl_reads_well(operator: object, namespace: str) -> None:
    apply(endpoint("v1"), namespace=namespace)
    _says("Ready", "BundleNotFound", namespace, "False")
    header = kubectl("get", "mep", namespace=namespace).splitlines()[0].split()
    assert header == ["NAME", "READY", "REASON", "BUNDLE", "ACTIVE", "AGE"]
    assert "<no description>" not in kubectl("explain", "mep", "--recursive", "-o", "plaintext-openapiv2")
    assert "stable" in kubectl("get", "modelbundles,mep", namespace=namespace)


def _says(kind: str, reason: str, namespace: str, status: str = "True") -> Manifest:
    def holds(found: Manifest) -> bool:
        said = condition(found, kind)
        return (said.get("status"), said.get("reason")) == (status, reason)

    return _wait(f"{kind} {reason}", holds, namespace, 120)


def _wait(what: str, holds: Callable[[Manifest], bool], namespace: str, timeout: float) -> Manifest:
    def explain() -> str:
        return kubectl("describe", "mep", "stable", namespace=namespace)

    return wait_until(what, "mep", "stable", namespace, holds, timeout, explain)
