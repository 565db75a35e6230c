"""The operator's chart: least privileges, a restricted pod, every setting reachable from values."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest
import yaml
from modelbundle_operator.settings import Settings

from tests.chart.conftest import ROOT, Documents, Helm, Render, kinds, only

NAME = "modelbundle-operator"
SCOPED = {"watchNamespaces": ["team-a", "team-b"]}


def granted(role: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    return {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }


# verbs on each resource; a row more here is a privilege more for the operator, so it needs a reason in the commit.
# tests/cluster/test_rbac.py holds that none of them is idle.
GRANTED = {
    ("modelbundle.dev", "modelbundles"): {"get", "list", "watch"},
    ("modelbundle.dev", "modelendpoints"): {"get", "list", "watch"},
    ("modelbundle.dev", "modelbundles/finalizers"): {"update"},
    ("modelbundle.dev", "modelendpoints/finalizers"): {"update"},
    ("modelbundle.dev", "modelbundles/status"): {"patch"},
    ("modelbundle.dev", "modelendpoints/status"): {"patch"},
    ("discovery.k8s.io", "endpointslices"): {"list"},
    ("", "configmaps"): {"get", "list", "watch", "create", "patch", "update", "delete"},
    ("", "services"): {"get", "list", "watch", "create", "patch", "update", "delete"},
    ("apps", "deployments"): {"get", "list", "watch", "create", "patch", "update", "delete"},
    ("policy", "poddisruptionbudgets"): {"get", "list", "watch", "create", "patch", "update", "delete"},
    ("batch", "jobs"): {"get", "list", "watch", "create", "delete"},
    ("", "pods"): {"get", "list", "watch"},
    ("events.k8s.io", "events"): {"create"},
}


def test_it_may_do_what_it_needs_and_nothing_more(render: Render) -> None:
    assert granted(only(render(), "ClusterRole", NAME)) == GRANTED


def test_it_may_do_the_same_in_each_namespace_it_is_limited_to(render: Render) -> None:
    documents = render.operator(**SCOPED)
    roles = [d for d in documents if d["kind"] == "Role" and d["metadata"]["name"] == NAME]
    assert [role["metadata"]["namespace"] for role in roles] == ["team-a", "team-b"]
    assert all(granted(role) == GRANTED for role in roles)
    bindings = [d for d in documents if d["kind"] == "RoleBinding" and d["metadata"]["name"] == NAME]
    assert [binding["metadata"]["namespace"] for binding in bindings] == ["team-a", "team-b"]
    assert {binding["roleRef"]["kind"] for binding in bindings} == {"Role"}
    assert {s["namespace"] for b in bindings for s in b["subjects"]} == {"modelbundle-system"}


def test_limited_to_namespaces_it_has_nothing_that_spans_the_cluster(render: Render) -> None:
    every = {"networkPolicy": {"enabled": True}}
    monitoring = {name: {"enabled": True} for name in ("serviceMonitor", "podMonitor", "alerts", "dashboard")}
    documents = render.operator(**SCOPED, **every, monitoring=monitoring)
    assert not [kind for kind in kinds(documents) if kind.startswith("Cluster")]
    assert {"Role", "RoleBinding", "NetworkPolicy"} <= kinds(documents)
    assert environment(documents)["MODELBUNDLE_WATCH_NAMESPACES"] == "team-a,team-b"


def test_no_role_has_a_wildcard_or_secrets_or_a_way_up(render: Render) -> None:
    for documents in (render(), render.operator(**SCOPED), render.operator(crds={"upgradeJob": {"enabled": True}})):
        for role in (d for d in documents if d["kind"] in ("Role", "ClusterRole")):
            for rule in role["rules"]:
                words = {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
                assert not words & {"*", "secrets", "escalate", "bind", "impersonate", "pods/exec", "nodes"}, role


def test_without_rbac_another_admin_grants(render: Render) -> None:
    assert not [
        d for d in render.operator(rbac={"create": False}) if d["metadata"]["name"] == NAME and "ole" in d["kind"]
    ]


def test_two_of_them_exclude_each_other_by_a_lease(render: Render) -> None:
    documents = render()
    assert deployment(documents)["spec"]["replicas"] == 2
    assert environment(documents)["MODELBUNDLE_LEASE_NAMESPACE"] == "modelbundle-system"
    assert deployment(render.operator(replicas=3))["spec"]["replicas"] == 3


@pytest.mark.parametrize("values", [{}, SCOPED, {"replicas": 1}])
def test_those_of_an_older_version_end_before_one_of_this_begins(render: Render, values: dict[str, Any]) -> None:
    """Version 0.1.0 knows no Lease."""
    assert deployment(render.operator(**values))["spec"]["strategy"] == {"type": "Recreate"}


@pytest.mark.parametrize("values", [{}, SCOPED, {"watchNamespaces": ["modelbundle-system"]}])
def test_it_may_hold_its_own_lease_and_read_no_other(render: Render, values: dict[str, Any]) -> None:
    documents = render.operator(**values)
    role = only(documents, "Role", f"{NAME}-lease")
    assert role["metadata"]["namespace"] == "modelbundle-system"
    held, made = role["rules"]
    assert (held["resourceNames"], held["verbs"]) == ([NAME], ["get", "update"])
    assert made["verbs"] == ["create"], "which cannot be granted by name"
    assert {(*rule["apiGroups"], *rule["resources"]) for rule in (held, made)} == {("coordination.k8s.io", "leases")}
    binding = only(documents, "RoleBinding", f"{NAME}-lease")
    assert (binding["metadata"]["namespace"], binding["roleRef"]["name"]) == ("modelbundle-system", f"{NAME}-lease")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": NAME, "namespace": "modelbundle-system"}]


def test_its_probes_ask_what_can_fail(render: Render) -> None:
    container = pod(render())["containers"][0]
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "probes"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "probes"}


def test_every_setting_of_the_operator_is_a_value(render: Render) -> None:
    """Set to a telling text each, every variable that the operator reads reaches its pod."""
    values = yaml.safe_load((ROOT / "charts/operator/values.yaml").read_text())["settings"]
    telling: dict[str, Any] = {
        "imagePullPolicy": "Always",
        "packageIndex": "http://index.example/simple",
        "logLevel": "DEBUG",
        "tracingEndpoint": "http://collector.example:4318",
        "tracingSamplingRatePerMillion": 30,
        **dict.fromkeys(("httpProxy", "httpsProxy"), "http://proxy.example:3128"),
        "noProxy": [".example.com", "10.0.0.0/8"],
        "extraPackageIndexes": ["https://own.example/simple", "http://b.example/simple"],
        "packageIndexStrategy": "unsafe-best-match",
        "s3AddressingStyle": "virtual",
        "s3SignatureVersion": "s3",
        "podImagePullSecrets": ["registry", "other"],
        "podIds": "platform",
        "precheck": False,
        "layers": False,
        "podTolerations": [{"key": "models", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 9}],
        "podLabels": {"azure.workload.identity/use": "true"},
        "podAnnotations": {"proxy.istio.io/config": '{"holdApplicationUntilProxyStarts": true}'},
        **{name: 30 for name in values if name.endswith("Seconds") or name in ("workers", "replicasMax")},
    }
    settings = {name: telling.get(name, "telling") for name in values}
    found = environment(render.operator(settings=settings, tenants={"enabled": True}, **SCOPED))
    assert set(found) == {item.metadata["variable"] for item in fields(Settings)}
    understood = Settings.from_environment(found)  # each of them
    assert understood.watch_namespaces == ("team-a", "team-b")
    assert understood.no_proxy == (".example.com", "10.0.0.0/8")
    assert understood.pod_image_pull_secrets == ("registry", "other")
    assert understood.pod_tolerations == tuple(telling["podTolerations"])
    assert understood.pod_labels == tuple(telling["podLabels"].items())
    assert understood.pod_annotations == tuple(telling["podAnnotations"].items())
    assert understood.extra_package_indexes == ("https://own.example/simple", "http://b.example/simple")


def test_an_empty_setting_leaves_the_operators_own_default(render: Render) -> None:
    found = environment(render())
    always = ("RUNTIME_IMAGE", "LEASE_NAMESPACE", "PROBE_PORT", "ARTIFACT_SECRET")
    assert set(found) == {f"MODELBUNDLE_{name}" for name in always}


@pytest.mark.parametrize(
    ("image", "reference"),
    [
        ({}, "registry.example.com/model-bundles/{}:0.2.0"),
        ({"repository": "r.example:5000/x"}, "r.example:5000/x:0.2.0"),
        ({"tag": "1.2.3"}, "registry.example.com/model-bundles/{}:1.2.3"),
        ({"tag": "1.2.3", "digest": "sha256:" + "0" * 64}, "registry.example.com/model-bundles/{}@sha256:" + "0" * 64),
    ],
)
def test_an_image_is_of_this_version_until_a_tag_or_a_digest_says_otherwise(
    render: Render, image: dict[str, str], reference: str
) -> None:
    documents = render.operator(image=image, runtimeImage=image)
    assert pod(documents)["containers"][0]["image"] == reference.format("operator")
    assert environment(documents)["MODELBUNDLE_RUNTIME_IMAGE"] == reference.format("runtime")
    test = only(documents, "Pod", "modelbundle-test")["spec"]["containers"][0]
    assert test["image"] == reference.format("operator")


@pytest.mark.parametrize("name", ["image", "runtimeImage"])
def test_no_registry_is_trusted_by_default(helm: Helm, name: str) -> None:
    images = {"image": {"repository": "r/o"}, "runtimeImage": {"repository": "r/r"}, name: {"tag": "1"}}
    values = json.dumps({"operator": images})
    done = helm("template", ".", "--kube-version", "1.35.4", "-f", "-", stdin=values)
    assert done.returncode
    assert f"operator.{name}.repository is not set" in done.stderr
    assert "make images REGISTRY=registry.example.com/model-bundles > images.yaml" in done.stderr
    bundles_only = helm("template", ".", "--kube-version", "1.35.4", "--set", "operator.enabled=false")
    assert bundles_only.returncode == 0, bundles_only.stderr


def test_a_platform_that_chooses_ids_is_asked_for_none(render: Render) -> None:
    documents = render.operator(settings={"podIds": "platform"}, crds={"upgradeJob": {"enabled": True}})
    job = only(documents, "Job")["spec"]["template"]["spec"]
    once = [only(documents, "Pod", f"modelbundle-{name}")["spec"] for name in ("test", "doctor")]
    for spec in (pod(documents), job, *once):
        assert spec["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_its_labels_keep_it_out_of_its_own_watch(render: Render) -> None:
    """The operator takes what is labelled managed-by: modelbundle-operator for a bundle's child."""
    for document in render():
        assert document["metadata"].get("labels", {}).get("app.kubernetes.io/managed-by") != NAME


def test_the_service_selects_the_pod_and_nothing_else(render: Render) -> None:
    documents = render.operator(probePort=9000)
    service = only(documents, "Service")
    labels = deployment(documents)["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()
    assert service["spec"]["selector"] == deployment(documents)["spec"]["selector"]["matchLabels"]
    assert service["spec"]["ports"][0]["port"] == 9000
    assert environment(documents)["MODELBUNDLE_PROBE_PORT"] == "9000"


def test_a_service_account_may_be_one_that_exists(render: Render) -> None:
    documents = render.operator(serviceAccount={"create": False, "name": "theirs"})
    assert not [d for d in documents if d["kind"] == "ServiceAccount" and d["metadata"]["name"] == "theirs"]
    assert pod(documents)["serviceAccountName"] == "theirs"
    assert only(documents, "ClusterRoleBinding", NAME)["subjects"][0]["name"] == "theirs"


def test_a_service_account_carries_annotations(render: Render) -> None:
    account = only(render.operator(serviceAccount={"annotations": {"role": "arn"}}), "ServiceAccount", NAME)
    assert account["metadata"]["annotations"] == {"role": "arn"}


def deployment(documents: Documents) -> dict[str, Any]:
    return only(documents, "Deployment")


def pod(documents: Documents) -> dict[str, Any]:
    return dict(deployment(documents)["spec"]["template"]["spec"])


def environment(documents: Documents) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in pod(documents)["containers"][0]["env"]}
