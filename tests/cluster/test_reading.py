"""A look over the kept connection shows what kubectl prints, of every kind that the tests look at."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from tests.cluster.bundles import cpu_bundle, wait_ready
from tools.testkit import reading
from tools.testkit.call import start_client
from tools.testkit.kubectl import Manifest, apply, get, kubectl, wait_for
from tools.testkit.login import LoginElsewhere
from tools.testkit.reading import AskKubectl
from tools.testkit.store import Store

NAME = "looked-at"
ENDPOINT = {
    "apiVersion": "modelbundle.dev/v1alpha1",
    "kind": "ModelEndpoint",
    "metadata": {"name": f"{NAME}-by"},
    "spec": {"bundle": NAME},
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": NAME},
    "spec": {"selector": {"matchLabels": {"app": NAME}}},
}


@pytest.fixture(scope="module")
def namespace(operator: object, make_namespace: Callable[..., str], store: Store) -> str:
    """With a stored bundle, an endpoint, a budget and the client pod, which nothing changes any more."""
    try:
        reading.one("namespace", "default")
    except AskKubectl as error:
        if isinstance(error.__cause__, LoginElsewhere):
            pytest.skip(f"{error}: all looks are kubectl's here")
        raise
    name = make_namespace("reading")
    start_client(name)
    apply(cpu_bundle(store, NAME, serving={"replicas": 0}), ENDPOINT, BUDGET, namespace=name)
    wait_ready(NAME, name)
    kubectl("wait", "pod/client", "--for=condition=Ready", "--timeout=120s", namespace=name, timeout=130)
    return name


def printed(*words: str, namespace: str) -> Manifest:
    return dict(json.loads(kubectl("get", *words, "-o", "json", namespace=namespace)))


def wait_for_the_same(look: Callable[[], object], theirs: Callable[[], object]) -> None:
    """What others write between two looks makes them differ: once they must not."""
    for _ in range(20):
        ours, kubectls = look(), theirs()
        if ours == kubectls:
            return
        time.sleep(0.5)
    assert ours == kubectls


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("pod", "client"),
        ("secret", "modelbundle-artifacts"),
        ("sa", "default"),
        ("mbun", NAME),
        ("modelbundles", NAME),
        ("mep", f"{NAME}-by"),
        ("pdb", NAME),
        ("crd", "modelbundles.modelbundle.dev"),
        ("namespace", "kube-system"),
        ("clusterroles", "system:controller:job-controller"),
        ("role.rbac.authorization.k8s.io", "none"),
        ("deployment", "none"),
    ],
)
def test_an_object(namespace: str, kind: str, name: str) -> None:
    if name == "none":
        assert reading.one(kind, name, namespace) is None
        return
    wait_for_the_same(lambda: reading.one(kind, name, namespace), lambda: printed(kind, name, namespace=namespace))


@pytest.mark.parametrize(
    ("kinds", "selector"),
    [
        ("pods", ""),
        ("pods", "no=such,label"),
        ("events", ""),
        ("modelbundles,modelendpoints,pdb", ""),
        ("configmaps,services,deployments,replicasets", f"modelbundle.dev/bundle={NAME}"),
        ("clusterroles,clusterrolebindings", ""),
        ("validatingadmissionpolicies", ""),
        ("endpointslices", "kubernetes.io/service-name=none"),
    ],
)
def test_a_list(namespace: str, kinds: str, selector: str) -> None:
    words = [kinds, *(["-l", selector] if selector else [])]
    wait_for_the_same(
        lambda: reading.all_of(kinds, namespace, selector), lambda: printed(*words, namespace=namespace)["items"]
    )


@pytest.mark.parametrize("look", [lambda: reading.one("no-such-kind", "x"), lambda: reading.all_of("pods", "", "a b")])
def test_what_no_one_serves_is_for_kubectl(namespace: str, look: Callable[[], object]) -> None:
    with pytest.raises(AskKubectl):
        look()


def test_a_namespace_that_is_not_there_is_empty(namespace: str) -> None:
    assert (reading.one("pod", "x", "no-such-namespace"), reading.all_of("pods", "no-such-namespace")) == (None, [])


def test_a_change_comes_after_what_is_there(namespace: str) -> None:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": {"step": "one"}}
    apply(body, namespace=namespace)
    before = wait_for("the ConfigMap", lambda: get("configmap", NAME, namespace), 10)
    changes = reading.changes("configmap", namespace, {"fieldSelector": f"metadata.name={NAME}"}, 30)
    assert next(changes) == {"type": "ADDED", "object": before}
    kubectl("patch", "configmap", NAME, "--type=merge", "-p", '{"data": {"step": "two"}}', namespace=namespace)
    event = next(changes)
    assert (event["type"], event["object"]["data"]) == ("MODIFIED", {"step": "two"})
    del changes  # which ends its connection
