"""A bundle that asks for a scheduler which does not run says so, and serves once it asks for another."""

from __future__ import annotations

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit.kubectl import apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

NAME = "placed"


def test_a_scheduler_that_does_not_run_is_named_and_another_one_places_the_pod(
    operator: object, namespace: str, store: Store
) -> None:
    apply(cpu_bundle(store, NAME, serving={"schedulerName": "nobody"}), namespace=namespace)
    says = "no scheduler has looked at the pod: see whether nobody runs, which spec.serving.schedulerName names"
    wait_for("the words", lambda: says in _message(namespace), 90)
    (pod,) = list_all("pods", namespace, f"modelbundle.dev/bundle={NAME}")
    assert pod["spec"]["schedulerName"] == "nobody"
    kubectl(
        "patch", "mbun", NAME, "--type=merge", "-p", '{"spec":{"serving":{"schedulerName":null}}}', namespace=namespace
    )
    wait_ready(NAME, namespace, timeout=120)


def _message(namespace: str) -> str:
    return str(condition(get("modelbundle", NAME, namespace), "Ready").get("message", ""))
