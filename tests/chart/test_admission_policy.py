"""The policies that confine the operator: that they speak of all that its role grants, and when they are made.

What they refuse and let pass is tried on a real API server: tests/cluster/test_admission_policy.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chart.conftest import IMAGES, Documents, Helm, Render

POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
VAP = "admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy"
OPERATOR = "system:serviceaccount:modelbundle-system:modelbundle-operator"

# admission is not asked about what only reads
READS = {"get", "list", "watch"}
OPERATIONS = {"create": "CREATE", "update": "UPDATE", "patch": "UPDATE", "delete": "DELETE"}
# granted for OwnerReferencesPermissionEnforcement, which asks what a user may do and does not do it: deletes are
# refused, and there is no request to a finalizers subresource of a custom resource
ASKED_FOR_ONLY = {
    "configmaps DELETE",
    "services DELETE",
    "deployments.apps DELETE",
    "modelbundles.modelbundle.dev/finalizers UPDATE",
    "modelendpoints.modelbundle.dev/finalizers UPDATE",
}
# whatever stands in them: words about a bundle, which nothing runs on
WORDS = {"modelbundles.modelbundle.dev/status UPDATE", "modelendpoints.modelbundle.dev/status UPDATE"}
# the policy `writes` itself says what these may be
JUDGED_THERE = {
    "jobs.batch DELETE",
    "events.events.k8s.io CREATE",
    "leases.coordination.k8s.io CREATE",
    "leases.coordination.k8s.io UPDATE",
}


def policies(documents: Documents) -> dict[str, dict[str, Any]]:
    """Specs by the last word of their name."""
    return {
        d["metadata"]["name"].rpartition("-")[2]: d["spec"] for d in documents if d["kind"] == POLICY
    }  # fmt: skip


def writes(rules: list[dict[str, Any]]) -> Iterator[str]:
    """What a role lets its user write, in the words of the policy: `deployments.apps UPDATE`."""
    for rule in rules:
        for group in rule["apiGroups"]:
            for resource in rule["resources"]:
                for verb in set(rule["verbs"]) - READS:
                    # a verb that stands in none of both tables is one that nobody has thought of here
                    yield f"{kind(group, resource)} {OPERATIONS[verb]}"


def kind(group: str, resource: str) -> str:
    name, slash, subresource = resource.partition("/")
    return f"{name}.{group}{slash}{subresource}" if group else resource


def allowed(spec: dict[str, Any]) -> set[str]:
    """The list that the first validation of `writes` has."""
    expression = spec["validations"][0]["expression"]
    assert re.fullmatch(r"variables\.write in \[[^\]]*\]", expression), expression
    return set(re.findall(r"'([^']+)'", expression))


def roles(documents: Documents) -> Iterator[dict[str, Any]]:
    """Every role that is bound to the operator's account."""
    for binding in documents:
        if binding["kind"] in ("ClusterRoleBinding", "RoleBinding") and any(
            subject["name"] == "modelbundle-operator" for subject in binding["subjects"]
        ):
            of = binding["roleRef"]
            yield next(
                d
                for d in documents
                if (d["kind"], d["metadata"]["name"]) == (of["kind"], of["name"])
                and d["metadata"].get("namespace") in (binding["metadata"].get("namespace"), None)
            )


SCOPES: dict[str, dict[str, Any]] = {
    "the cluster": {},
    "namespaces": {"watchNamespaces": ["team-a"], "admissionPolicy": {"enabled": True}},
    "everything on": {
        "client": {"artifactUri": "s3://a/b"},
        "crds": {"upgradeJob": {"enabled": True}},
        "monitoring": {"dashboard": {"enabled": True}},
    },
}


@pytest.mark.parametrize("scope", SCOPES)
def test_the_policies_speak_of_every_write_that_the_role_grants(render: Render, scope: str) -> None:
    documents = render.operator(**SCOPES[scope])
    granted = {write for role in roles(documents) for write in writes(role["rules"])}
    spoken_of = allowed(policies(documents)["writes"])
    assert granted - spoken_of - ASKED_FOR_ONLY == set(), (
        "the operator's role grants what its policies do not speak of: say in charts/operator/templates/"
        "admission-policy/writes.yaml that it may, and there or in a policy beside it what such an object may be"
    )
    assert granted >= ASKED_FOR_ONLY, "the role does not grant it any more: take it out of this test"
    assert not spoken_of & ASKED_FOR_ONLY
    assert spoken_of - granted == set(), "the policy lets through what no role grants"


def test_what_may_be_written_has_a_policy_that_says_what_it_may_be(render: Render) -> None:
    found = policies(render())
    judged = {
        f"{kind(group, resource)} {operation}"
        for name, spec in found.items()
        if name != "writes"
        for rule in spec["matchConstraints"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for operation in rule["operations"]
    }
    assert judged | WORDS | JUDGED_THERE == allowed(found["writes"])
    for write in JUDGED_THERE:
        group = write.partition(" ")[0]
        assert any(group in validation["expression"] for validation in found["writes"]["validations"][1:]), write


def test_a_role_with_one_more_write_would_be_seen(render: Render) -> None:
    """The test above can fail: what is added to the role is not in the list."""
    spoken_of = allowed(policies(render())["writes"]) | ASKED_FOR_ONLY
    for group, resource, verb in [
        ("", "secrets", "create"),
        ("", "pods", "delete"),
        ("apps", "deployments/scale", "update"),
        ("apps", "daemonsets", "create"),
        ("modelbundle.dev", "modelbundles", "patch"),
        ("", "events", "create"),
        ("coordination.k8s.io", "leases", "delete"),
    ]:
        rule = {"apiGroups": [group], "resources": [resource], "verbs": [verb, "get"]}
        assert set(writes([rule])) - spoken_of, rule
    with pytest.raises(KeyError):
        set(writes([{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["deletecollection"]}]))


def test_writes_matches_all_that_can_be_written(render: Render) -> None:
    (rule,) = policies(render())["writes"]["matchConstraints"]["resourceRules"]
    assert rule == {"apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"], "operations": ["*"], "scope": "*"}


def test_each_policy_is_bound_and_refuses(render: Render) -> None:
    documents = render()
    bindings = [d["spec"] for d in documents if d["kind"] == BINDING]
    assert sorted(spec["policyName"] for spec in bindings) == sorted(
        d["metadata"]["name"] for d in documents if d["kind"] == POLICY
    )
    assert all(spec == {"policyName": spec["policyName"], "validationActions": ["Deny"]} for spec in bindings)
    for name, spec in policies(documents).items():
        assert spec["failurePolicy"] == "Fail", name
        assert spec["validations"]


@pytest.mark.parametrize("scope", SCOPES)
def test_nobody_but_the_operator_is_asked_about(render: Render, scope: str) -> None:
    """With `Fail` and all kinds a mistake here would stop the cluster's own controllers."""
    for name, spec in policies(render.operator(**SCOPES[scope])).items():
        (condition,) = spec["matchConditions"]
        assert condition["expression"] == (
            f"has(request.userInfo.username) && request.userInfo.username == '{OPERATOR}'"
        ), name


def test_the_account_is_the_one_that_the_operator_runs_as(render: Render) -> None:
    found = policies(render.operator(serviceAccount={"create": False, "name": "theirs"}))
    for spec in found.values():
        assert spec["matchConditions"][0]["expression"].endswith("== 'system:serviceaccount:modelbundle-system:theirs'")


def test_every_refusal_has_words(render: Render) -> None:
    for spec in policies(render()).values():
        for validation in spec["validations"]:
            assert len(validation["message"]) > 20
            assert "\n" not in validation["message"] + validation.get("messageExpression", "")
            assert validation["reason"] == "Forbidden"


def where(documents: Documents) -> str:
    return str(policies(documents)["children"]["validations"][0]["expression"])


def test_it_is_kept_out_of_its_own_namespace_and_those_that_are_named(render: Render) -> None:
    assert 'in ["modelbundle-system"])' in where(render())
    named = render.operator(admissionPolicy={"protectedNamespaces": ["prod", "modelbundle-system"]})
    assert 'in ["modelbundle-system","prod"])' in where(named)
    own = render.operator(watchNamespaces=["modelbundle-system"], admissionPolicy={"enabled": True})
    assert "in [])" in where(own), "it is told to serve it"


@pytest.mark.parametrize(
    ("enabled", "more", "api_versions", "made"),
    [
        ("auto", {}, [], True),
        ("auto", {}, ["v1/ConfigMap", VAP], True),
        ("auto", {}, ["v1/ConfigMap"], False),
        ("auto", {"watchNamespaces": ["a"]}, ["v1/ConfigMap", VAP], False),
        (True, {"watchNamespaces": ["a"]}, [], True),
        (True, {}, ["v1/ConfigMap"], True),
        (False, {}, ["v1/ConfigMap", VAP], False),
    ],
)
def test_they_are_made_where_they_can_be(
    render: Render, enabled: Any, more: dict[str, Any], api_versions: list[str], made: bool
) -> None:
    values = {"operator": {"admissionPolicy": {"enabled": enabled}, **more}}
    known = [word for name in api_versions for word in ("--api-versions", name)]
    done = render.try_to(values, *known)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(f"\nkind: {POLICY}\n") == done.stdout.count(f"\nkind: {BINDING}\n") == (5 if made else 0)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ("{}", "Five ValidatingAdmissionPolicies confine what the operator may write"),
        ("operator: {admissionPolicy: {enabled: false}}", "(operator.admissionPolicy.enabled is false)"),
        ("operator: {watchNamespaces: [team-a]}", "operator.admissionPolicy.enabled=true makes them all the same"),
    ],
)
def test_the_notes_say_whether_they_are_made(helm: Helm, values: str, words: str) -> None:
    done = helm("install", "mb", ".", "-n", "ns", "--dry-run=client", "-f", str(IMAGES), "-f", "-", stdin=values)
    assert done.returncode == 0, done.stderr
    assert words in done.stdout.partition("NOTES:")[2]


def test_two_operators_of_some_namespaces_have_policies_of_their_own(render: Render) -> None:
    documents = render.operator(watchNamespaces=["a"], admissionPolicy={"enabled": True})
    names = {d["metadata"]["name"] for d in documents if d["kind"] in (POLICY, BINDING)}
    assert names == {f"modelbundle-operator-modelbundle-system-{about}" for about in policies(documents)}
