"""Whatever one tenant writes, its own object says what is wrong with it, and everybody else is served as before.

`make soak` runs every size of every attack and asks for the time of others too (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.cluster.bundles import cpu_bundle, manifest, wait_condition, wait_ready
from tests.cluster.hostile import ARTIFACT, Attack, attacks, costly
from tests.cluster.neighbour import Neighbour
from tests.cluster.operator_pods import leader, operator_restarts
from tests.cluster.raw_api import RawApi, raw_api
from tools.testkit.install import RELEASE, helm, values
from tools.testkit.kubectl import apply, condition, explain_bundle, kubectl, wait_for
from tools.testkit.place import ROOT, Place
from tools.testkit.soak import SOAK, in_soak
from tools.testkit.store import Store

SYSTEM = "modelbundle-system"
ROUNDS = 5 if SOAK else 1
# what another tenant may have to wait; with MODELBUNDLE_SOAK it is twice what it took before
PATIENCE = 60.0
# shorter than this, a time is the machine's and not the operator's
SHORT = 0.5
SURROGATE = """
import os


def load():
    with open("/dev/termination-log", "w") as log:
        log.write('{"reason": "LoadFailed", "message": "half a pair: \\\\ud800, and a control character: \\\\u007f"}')
    os._exit(1)
"""

# counts the operator's restarts, and takes the API server as much time as the shared tests leave it
pytestmark = [pytest.mark.exclusive, pytest.mark.runs_last(0.5)]


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with raw_api() as made:
        yield made


@pytest.fixture(scope="module")
def neighbour(operator: object, make_namespace: Callable[..., str], api: RawApi, store: Store) -> Neighbour:
    namespace = make_namespace("neighbour")
    apply(*(cpu_bundle(store, name) for name in ("left", "right")), namespace=namespace)
    for name in ("left", "right"):
        wait_ready(name, namespace)
    return Neighbour(api, namespace)


def usual(neighbour: Neighbour) -> dict[str, float]:
    rounds = [neighbour.lives(PATIENCE) for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}


@pytest.mark.timeout(1800)
def test_nobody_else_notices(
    neighbour: Neighbour, make_namespace: Callable[..., str], api: RawApi, show: Callable[[str], None]
) -> None:
    namespace = make_namespace("hostile")
    before, began = usual(neighbour), operator_restarts()
    slow: dict[str, str] = {}
    try:
        for attack in attacks(all_of_them=SOAK):
            launch(attack, api, namespace)
            seen = neighbour.lives(PATIENCE)
            slow |= {f"{name} beside {attack.name}": f"{seen[name]:.2f} s, {before[name]:.2f} s before" for name in seen
                     if seen[name] > 2 * max(before[name], SHORT)}  # fmt: skip
            assert operator_restarts() == began, f"{attack.name} ended the operator"
            if SOAK:
                show(f"{attack.name:>20}: {', '.join(f'{name} {seconds:.2f} s' for name, seconds in seen.items())}")
        for attack in attacks(all_of_them=SOAK):
            if attack.reason and attack.name != "noted-endpoints":
                # the API server of a busy machine takes long for the status of the largest, which is tried rarely then
                wait_for(f"{attack.name} to be {attack.reason}", partial(says, attack, namespace), 600)
        # what it holds it finds again at its next start, and it is served from there all the same
        kubectl("rollout", "restart", "deployment/modelbundle-operator", namespace=SYSTEM)
        kubectl("rollout", "status", "deployment/modelbundle-operator", "--timeout=120s", namespace=SYSTEM, timeout=130)
        after = usual(neighbour)
        assert operator_restarts() == 0, "the operator does not survive its start"
        show(f"another tenant, median: {words(before)} before, {words(after)} after a restart beside all of it")
        if SOAK:
            assert all(after[name] <= 2 * max(before[name], SHORT) for name in after), (before, after)
            assert not slow
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def says(attack: Attack, namespace: str) -> bool:
    return said(attack.name, namespace) == f"{attack.reason} True"


def said(name: str, namespace: str) -> str:
    """Ready's reason, and whether it is Stalled. Only these are asked for: the whole object ends a reader of JSON."""
    reason, stalled = (f'{{.status.conditions[?(@.type=="{kind}")].{field}}}' for kind, field in CONDITIONS)
    return kubectl("get", "modelbundle", name, "-o", f"jsonpath={reason} {stalled}", namespace=namespace).strip()


CONDITIONS = (("Ready", "reason"), ("Stalled", "status"))


def launch(attack: Attack, api: RawApi, namespace: str) -> None:
    for text in attack.manifests:
        plurals = {"ConfigMap": "configmaps", "Pod": "pods", "ModelEndpoint": "modelendpoints"}
        kind = next((kind for kind in plurals if f'"{kind}"' in text[:80]), "")
        group = "api/v1" if kind in ("ConfigMap", "Pod") else "apis/modelbundle.dev/v1alpha1"
        api.create(namespace, plurals.get(kind, "modelbundles"), text, group)


def words(times: dict[str, float]) -> str:
    return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in times.items())


def test_words_that_yaml_refuses_are_told_all_the_same(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "surrogate", model=SURROGATE), namespace=namespace)
    bundle = wait_condition("surrogate", namespace, "Ready", "False", "LoadFailed")
    assert "half a pair: \\ud800" in condition(bundle, "Ready")["message"]


@pytest.mark.timeout(1200)
def test_pods_by_the_thousand_cost_the_operator_little(
    neighbour: Neighbour, namespace: str, show: Callable[[str], None]
) -> None:
    """One field of one object asks for them; without a quota they are there, pending."""
    before, began = usual(neighbour), operator_restarts()
    replicas = 1000 if SOAK else 300  # what the operator allows by default
    many: dict[str, Any] = {
        "replicas": replicas,
        "nodeSelector": {"there.is": "none"},
        "resources": {"cpu": "1m", "memory": "1Mi"},
    }
    apply(manifest("many", ARTIFACT, many, loadPredictFn="p.load", loadModelFn="p.model"), namespace=namespace)
    wait_for(
        "all the pods", lambda: reported("many", namespace) >= replicas, 900, lambda: explain_bundle("many", namespace)
    )
    after = usual(neighbour)
    assert operator_restarts() == began
    show(f"another tenant beside {replicas} pending pods: {words(after)}; {words(before)} before")
    if SOAK:
        assert all(after[name] <= 2 * max(before[name], SHORT) for name in after), (before, after)


def reported(name: str, namespace: str) -> int:
    return int(kubectl("get", "modelbundle", name, "-o", "jsonpath={.status.replicas}", namespace=namespace) or 0)


@in_soak("the operator's retries take two minutes")
@pytest.mark.timeout(600)
def test_a_watched_namespace_that_is_deleted_costs_the_others_nothing(
    operator: Callable[[], None], make_namespace: Callable[..., str], api: RawApi, store: Store, place: Place
) -> None:
    gone, stays = make_namespace("gone"), make_namespace("stays")
    given = values(place, {"resyncSeconds": 10})
    given["operator"]["watchNamespaces"] = [gone, stays]
    try:
        helm("upgrade", RELEASE, str(ROOT), "-n", SYSTEM, "-f", "-", "--wait", stdin=json.dumps(given))
        apply(*(cpu_bundle(store, name) for name in ("left", "right")), namespace=stays)
        for name in ("left", "right"):
            wait_ready(name, stays)
        neighbour = Neighbour(api, stays)
        kubectl("delete", "namespace", gone, timeout=120)
        end = time.monotonic() + 120  # kopf gives a refused watch up after 54 s of retries
        while time.monotonic() < end:
            neighbour.lives(20)
        assert operator_restarts() == 0
    finally:
        operator()


# the last one: what 200 of them make the API server keep, many gigabytes, is not given back for a while
@pytest.mark.timeout(1800 if SOAK else 900)
def test_the_costliest_bundles_cost_nobody_the_lease_or_their_turn(
    neighbour: Neighbour, make_namespace: Callable[..., str], api: RawApi, show: Callable[[str], None]
) -> None:
    namespace = make_namespace("costly")
    count = 200 if SOAK else 8  # each takes the API server itself a second or more
    before, led = usual(neighbour), holder()
    try:
        launch(costly(count), api, namespace)
        beside = usual(neighbour)
        assert holder() == led, "the Lease was lost"
        kubectl("rollout", "restart", "deployment/modelbundle-operator", namespace=SYSTEM)
        kubectl("rollout", "status", "deployment/modelbundle-operator", "--timeout=120s", namespace=SYSTEM, timeout=130)
        leader()  # one of those that stay
        led = holder()
        after = usual(neighbour)
        assert holder() == led, "the Lease was lost after a start"
        show(f"another tenant beside {count} costly bundles: {words(beside)}; {words(after)} after a restart;"
             f" {words(before)} before")  # fmt: skip
        if SOAK:
            for seen in (beside, after):
                assert all(seen[name] <= 2 * max(before[name], SHORT) for name in seen), (before, seen)
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false")


def holder() -> tuple[str, str]:
    """Who has the Lease, and how often it has changed hands."""
    template = "jsonpath={.spec.holderIdentity} {.spec.leaseTransitions}"
    found = kubectl("get", "lease", "modelbundle-operator", "-o", template, namespace=SYSTEM)
    name, _, transitions = found.partition(" ")
    return name, transitions
