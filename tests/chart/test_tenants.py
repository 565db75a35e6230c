"""What the chart makes of `tenants`: limits as a ConfigMap, policies that ask for them, NetworkPolicies.

What the policies refuse and let pass is tried on a real API server: tests/cluster/test_tenants.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.bundle import limits
from modelbundle_operator.render.containers import HTTP_PORT

from tests.chart.conftest import Documents, Render, kinds, only
from tools.testkit.limit_rows import CONTACT, LIMITS, texts

POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
ON: dict[str, Any] = {"enabled": True, "contact": CONTACT, "limits": LIMITS}
PREFIX = "modelbundle-tenants-"


def policies(documents: Documents) -> dict[str, dict[str, Any]]:
    return {
        d["metadata"]["name"].removeprefix(PREFIX): d["spec"]
        for d in documents
        if d["kind"] == POLICY and d["metadata"]["name"].startswith(PREFIX)
    }


def test_they_are_off_by_default(render: Render) -> None:
    assert policies(render()) == {}
    assert "NetworkPolicy" not in kinds(render())
    assert "limits" not in [volume["name"] for volume in pod(render())["volumes"]]


def test_the_config_map_has_the_limits_as_the_operator_reads_them(render: Render) -> None:
    found = only(render.operator(tenants=ON), "ConfigMap", "modelbundle-tenants")
    assert found["data"] == texts(LIMITS)
    assert found["metadata"]["namespace"] == "modelbundle-system"


def test_a_namespace_has_limits_of_its_own_and_an_empty_one_is_there(render: Render) -> None:
    own = {"team-a": {"replicasMax": 20, "runtimeClasses": []}}
    data = only(render.operator(tenants={**ON, "namespaces": own}), "ConfigMap", "modelbundle-tenants")["data"]
    assert data == {**texts(LIMITS), "team-a.replicasMax": "20", "team-a.runtimeClasses": ""}


def test_a_limit_that_is_left_out_is_no_limit(render: Render) -> None:
    data = only(render.operator(tenants={"enabled": True}), "ConfigMap", "modelbundle-tenants")["data"]
    assert data == {"contact": ""}


def test_the_operator_has_them_mounted(render: Render) -> None:
    documents = render.operator(tenants=ON)
    (volume,) = [volume for volume in pod(documents)["volumes"] if "configMap" in volume]
    assert volume["configMap"] == {"name": "modelbundle-tenants"}
    container = pod(documents)["containers"][0]
    variables = {each["name"]: each["value"] for each in container["env"]}
    assert {"name": volume["name"], "mountPath": variables["MODELBUNDLE_LIMITS_DIRECTORY"], "readOnly": True} in (
        container["volumeMounts"]
    )


def test_each_limit_of_the_operator_is_asked_at_admission_with_the_same_words(render: Render) -> None:
    """`scale` knows replicas alone."""
    found = policies(render.operator(tenants=ON))
    spoken = [
        validation["messageExpression"]
        for name in ("bundle", "serving")
        for validation in found[name]["validations"]
    ]  # fmt: skip
    assert len(spoken) == len(limits.RULES)
    for rule in limits.RULES:
        about = [each for each in spoken if each.startswith(f"'{rule.field}: '")]
        assert [f"the limit {rule.limit} allows" in each for each in about].count(True) == 1, rule
    (scale,) = found["scale"]["validations"]
    assert scale["messageExpression"].startswith("'spec.serving.replicas: '")


def test_both_judge_by_the_same_patterns(render: Render) -> None:
    found = policies(render.operator(tenants=ON))
    expressions = {each["name"]: each["expression"] for each in found["bundle"]["variables"]}
    for name in ("artifactPrefixes", "imageRepositories", "requirementUrls"):
        assert in_cel(limits._LEADS_OUT.pattern) in expressions[f"{name}Refused"]
    assert in_cel(limits._DIRECT.pattern) in expressions["requirementUrlsRefused"]


def in_cel(pattern: str) -> str:
    return "'" + pattern.replace("\\", "\\\\") + "'"


def test_what_an_update_leaves_as_it_was_is_not_asked_about(render: Render) -> None:
    found = policies(render.operator(tenants=ON))
    operations = {name: spec["matchConstraints"]["resourceRules"][0]["operations"] for name, spec in found.items()}
    assert operations == {"bundle": ["CREATE"], "serving": ["CREATE", "UPDATE"], "scale": ["UPDATE"]}
    for each in found["serving"]["variables"]:
        if each["name"].endswith("Refused"):
            assert "&& !(oldObject != null" in each["expression"], each
    assert "SERVING" not in str(found)


def test_every_refusal_has_words_of_one_line(render: Render) -> None:
    for spec in policies(render.operator(tenants=ON)).values():
        assert spec["failurePolicy"] == "Fail"
        for validation in spec["validations"]:
            assert validation["reason"] == "Forbidden"
            assert "\n" not in validation["message"] + validation["messageExpression"]


@pytest.mark.parametrize(
    ("scope", "prefix", "where"),
    [
        ({}, PREFIX, None),
        (
            {"watchNamespaces": ["team-a"]},
            f"{PREFIX}modelbundle-system-",
            [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["team-a"]}],
        ),
    ],
)
def test_each_is_bound_to_the_limits_where_the_operator_serves(
    render: Render, scope: dict[str, Any], prefix: str, where: Any
) -> None:
    documents = render.operator(tenants=ON, **scope)
    bindings = [d for d in documents if d["kind"] == BINDING and d["metadata"]["name"].startswith(PREFIX)]
    assert {d["metadata"]["name"] for d in bindings} == {f"{prefix}{name}" for name in ("bundle", "serving", "scale")}
    for binding in bindings:
        spec = binding["spec"]
        assert spec["policyName"] == binding["metadata"]["name"]
        assert only(documents, POLICY, spec["policyName"])
        assert spec["validationActions"] == ["Deny"]
        assert spec["paramRef"] == {
            "name": "modelbundle-tenants",
            "namespace": "modelbundle-system",
            "parameterNotFoundAction": "Deny",
        }
        found = spec.get("matchResources", {}).get("namespaceSelector", {}).get("matchExpressions")
        assert found == where


PEER = {"namespaceSelector": {"matchLabels": {"team": "web"}}}
PROMETHEUS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
STORE = {"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}


def test_the_network_of_bundles_is_what_is_named(render: Render) -> None:
    network = {
        "namespaces": ["team-a", "team-b"],
        "ingressFrom": [PEER],
        "metricsFrom": [PROMETHEUS],
        "dnsCidrs": ["169.254.20.10/32"],
        "egress": [STORE],
    }
    documents = render.operator(tenants={"networkPolicy": network})
    found = [d for d in documents if d["kind"] == "NetworkPolicy"]
    assert [d["metadata"]["namespace"] for d in found] == ["team-a", "team-b"]
    for policy in found:
        spec = policy["spec"]
        assert spec["podSelector"] == {
            "matchLabels": {"app.kubernetes.io/managed-by": "modelbundle-operator"},
            "matchExpressions": [{"key": "modelbundle.dev/bundle", "operator": "Exists"}],
        }
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": HTTP_PORT}], "from": [PEER, PROMETHEUS]}]
        dns, store = spec["egress"]
        assert {(port["protocol"], port["port"]) for port in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
        assert dns["to"] == [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
            {"ipBlock": {"cidr": "169.254.20.10/32"}},
        ]
        assert store == STORE


def test_where_no_peer_is_named_nobody_is_let_in_and_only_dns_out(render: Render) -> None:
    documents = render.operator(tenants={"networkPolicy": {"namespaces": ["team-a"]}})
    spec = only(documents, "NetworkPolicy")["spec"]
    assert spec["ingress"] == []
    assert len(spec["egress"]) == 1


def pod(documents: Documents) -> dict[str, Any]:
    return dict(only(documents, "Deployment")["spec"]["template"]["spec"])
