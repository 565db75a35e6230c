"""A stolen token of the operator: what the admission policies refuse it, and that the operator is not refused."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any

import pytest

from tests.cluster.audit import OPERATOR, AuditLog
from tests.cluster.bundles import manifest, wait_condition
from tests.cluster.hostile import ARTIFACT
from tests.cluster.operator_requests import (
    BUNDLE,
    ENDPOINT,
    GONE,
    OWN_NAMESPACE,
    POLICY,
    TENANTS,
    Attempt,
    Children,
    create,
    edited,
)  # fmt: skip
from tests.cluster.operator_writes import FOREIGN, rightful
from tests.cluster.raw_api import RawApi, raw_api
from tests.cluster.stolen_token import beyond_the_role, escalations
from tests.cluster.test_endpoints import endpoint
from tools.testkit.install import RELEASE, helm
from tools.testkit.kubectl import Manifest, apply, condition, explain_bundle, get, kubectl, list_all, wait_for
from tools.testkit.place import ROOT

KIND = "validatingadmissionpolicies"
NOWHERE = {"replicas": 1, "nodeSelector": {"there.is": "none"}}


@pytest.fixture(scope="module")
def api() -> Iterator[RawApi]:
    with raw_api() as found:
        yield found


@pytest.fixture(scope="module")
def children(operator: object, make_namespace: Callable[..., str]) -> Children:
    """Made by the operator, of a bundle whose pod waits for a node and of an endpoint; and what a tenant has."""
    namespace = make_namespace("stolen")
    tenant = {"app": TENANTS}
    pod = {"metadata": {"labels": tenant}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    budget: Manifest = {"maxUnavailable": 1, "selector": {"matchLabels": tenant}}
    spec: Manifest = {"replicas": 0, "selector": {"matchLabels": tenant}, "template": pod}
    task = {"suspend": True, "template": {"spec": {**pod["spec"], "restartPolicy": "Never"}}}
    apply(
        manifest(BUNDLE, ARTIFACT, serving={**NOWHERE, "replicas": 2}, loadPredictFn="p.load", loadModelFn="m.load"),
        endpoint(BUNDLE, ENDPOINT),
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": TENANTS}, "data": {"a": "b"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": TENANTS}, "spec": {"ports": [{"port": 80}]}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": TENANTS}, "spec": spec},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": TENANTS}, "spec": budget},
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": TENANTS}, "spec": task},
        namespace=namespace,
    )
    kinds = ("configmap", "service", "deployment", "poddisruptionbudget")
    route = wait_for("the endpoint's Service", lambda: get("service", ENDPOINT, namespace), 60)
    wait_for("the last child", lambda: get(kinds[-1], BUNDLE, namespace), 60)
    made = {kind: wait_for(f"the {kind}", partial(get, kind, BUNDLE, namespace), 60) for kind in kinds}
    return Children(namespace, {**made, "route": route})


@pytest.fixture(scope="module")
def attempt(api: RawApi) -> Callable[[Attempt], tuple[int, str]]:
    """Status and words of the answer to a client with the operator's token."""

    def ask(what: Attempt) -> tuple[int, str]:
        answer = api.try_as(OPERATOR, what.method, what.path, what.body, what.content_type)
        return answer.status_code, answer.json().get("message", "") if answer.status_code >= 400 else ""

    return ask


def test_every_expression_fits_the_kinds_that_it_is_asked_about(operator: object) -> None:
    """The API server checks the types of each policy, and says on it what does not fit."""
    found = [policy for policy in list_all(KIND) if policy["metadata"]["name"].startswith("modelbundle-operator-")]
    assert len(found) == 5

    def checked() -> bool:
        return all(
            policy.get("status", {}).get("observedGeneration") == policy["metadata"]["generation"]
            for policy in (get(KIND, each["metadata"]["name"]) or {} for each in found)
        )

    wait_for("the types to be checked", checked, 60)
    for each in found:
        policy = get(KIND, each["metadata"]["name"])
        assert policy is not None
        assert not policy["status"].get("typeChecking", {}).get("expressionWarnings"), policy["status"]


def test_a_stolen_token_is_refused_with_words(
    children: Children, attempt: Callable[[Attempt], tuple[int, str]], show: Callable[[str], None]
) -> None:
    wrong, tried = [], 0
    for each in escalations(children):
        tried += 1
        status, message = attempt(each)
        if status != 403 or POLICY not in message or each.says not in message:
            wrong.append(f"{each.what}: {status} {message or 'let through'}")
    assert not wrong, "\n".join(wrong)
    assert tried >= 20
    show(f"{tried} escalations of a stolen operator token, label and owner forged: all refused by a policy, with words")


def test_what_the_operator_does_is_let_through(
    children: Children, attempt: Callable[[Attempt], tuple[int, str]], show: Callable[[str], None]
) -> None:
    wrong, tried = [], 0
    for each in rightful(children):
        tried += 1
        status, message = attempt(each)
        if status not in (200, 201):
            wrong.append(f"{each.what}: {status} {message}")
    assert not wrong, "\n".join(wrong)
    assert tried >= 20
    show(f"{tried} writes as the operator does them: all let through")


@pytest.fixture(scope="module")
def edited_children(children: Children) -> dict[str, str]:
    """A bundle for each edit, by the edit: a child that is edited again and again would be left for a while."""
    names = {what: f"edited-{number}" for number, what in enumerate(FOREIGN)}
    parts: Manifest = {"serving": NOWHERE, "loadPredictFn": "p.load", "loadModelFn": "m.load"}
    apply(*(manifest(name, ARTIFACT, **parts) for name in names.values()), namespace=children.namespace)
    return names


@pytest.mark.parametrize("what", FOREIGN)
def test_what_others_have_put_there_is_no_reason_to_refuse_the_operator(
    children: Children, edited_children: dict[str, str], what: str
) -> None:
    """By the operator itself: it takes the edit back, with an apply that carries it along and a PUT without it."""
    (child, edits), name, namespace = FOREIGN[what], edited_children[what], children.namespace
    before = wait_for("the child", lambda: get(child, name, namespace), 60)
    put = json.dumps(edited(before, (*edits, ("metadata/resourceVersion", GONE))))
    replace = ("replace", "-f", "-", "-o", "json")
    # again while a controller writes its status meanwhile
    edit = wait_for("the edit", lambda: kubectl(*replace, namespace=namespace, stdin=put), 60)
    assert answered_for(json.loads(edit)) != answered_for(before)

    def restored() -> bool:
        return answered_for(get(child, name, namespace) or {}) == answered_for(before)

    wait_for("the edit to be undone", restored, 30, lambda: explain_bundle(name, namespace))


def answered_for(body: Manifest) -> Any:
    """What the operator keeps as it is: annotations, and labels without a prefix, are where others may write."""
    metadata = body.get("metadata", {})
    labels = {name: value for name, value in metadata.get("labels", {}).items() if "/" in name}
    return labels, metadata.get("ownerReferences"), body.get("spec"), body.get("data")


def test_nobody_else_is_asked(children: Children, api: RawApi) -> None:
    for each in escalations(children):
        answer = api.try_as(None, each.method, each.path, each.body, each.content_type)
        assert POLICY not in answer.text, each.what


@pytest.mark.exclusive
def test_a_bundle_in_the_operators_own_namespace_says_why_nothing_runs(operator: object) -> None:
    body = manifest("misplaced", ARTIFACT, serving=NOWHERE, loadPredictFn="p.load", loadModelFn="m.load")
    apply(body, namespace=OWN_NAMESPACE)
    try:
        found = wait_condition("misplaced", OWN_NAMESPACE, "Ready", "False", "ApplyRefused", timeout=60)
        assert f"no bundle is served in namespace {OWN_NAMESPACE}" in condition(found, "Ready")["message"]
        wait_for("the event", lambda: ("misplaced", "ApplyRefused") in _events(OWN_NAMESPACE), 60)
    finally:
        kubectl("delete", "mbun", "misplaced", namespace=OWN_NAMESPACE)


def _events(namespace: str) -> list[tuple[str, str]]:
    return [(event["involvedObject"]["name"], event["reason"]) for event in list_all("events", namespace)]


@pytest.fixture
def another_role() -> Iterator[None]:
    """cluster-admin is bound to the operator's account."""
    name = "modelbundle-test-mistake"
    account = f"--serviceaccount={OWN_NAMESPACE}:modelbundle-operator"
    kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", account)
    yield
    kubectl("delete", "clusterrolebinding", name)


@pytest.mark.exclusive
def test_a_role_more_is_no_power_more(
    children: Children, attempt: Callable[[Attempt], tuple[int, str]], another_role: None
) -> None:
    account = f"--as=system:serviceaccount:{OWN_NAMESPACE}:modelbundle-operator"
    wait_for("the role to hold", lambda: kubectl("auth", "can-i", "delete", "nodes", account).strip() == "yes", 60)
    for each in beyond_the_role(children):
        status, message = attempt(each)
        assert (status, POLICY in message, each.says in message) == (403, True, True), (
            f"{each.what}: {status} {message}"
        )


@pytest.mark.exclusive
def test_a_namespace_that_is_named_is_kept_clear(
    children: Children, attempt: Callable[[Attempt], tuple[int, str]], operator: Callable[[], None]
) -> None:
    here = create("a child", children.fresh("deployment"))
    assert attempt(here)[0] == 201
    named = f"operator.admissionPolicy.protectedNamespaces={{{children.namespace}}}"
    helm("upgrade", RELEASE, str(ROOT), "-n", OWN_NAMESPACE, "--reuse-values", "--set", named)
    try:
        wait_for("the policy to hold", lambda: attempt(here)[0] == 403, 60)
        assert f"no bundle is served in namespace {children.namespace}" in attempt(here)[1]
    finally:
        operator()


@pytest.mark.runs_last(98)
@pytest.mark.exclusive
def test_no_write_of_the_operator_was_refused_by_its_policies(operator: object, audit_logs: list[AuditLog]) -> None:
    """Over the whole run, whatever tests had it do; what a test asked in its name is in another's."""
    began = float(os.environ["MODELBUNDLE_TESTS_BEGAN"])
    refused = [
        event
        for log in audit_logs
        for event in log.everything(OPERATOR)
        if datetime.fromisoformat(event["requestReceivedTimestamp"]).timestamp() >= began
        and event.get("objectRef", {}).get("namespace") != OWN_NAMESPACE  # where a test has it try
        and POLICY in event.get("responseStatus", {}).get("message", "")
    ]
    assert not refused, refused[:3]
