"""What the operator's chart adds when asked to, and that everything which runs passes Pod Security `restricted`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.tools.crd import RESOURCES, custom_resource_definition

from tests.chart.conftest import Documents, Render, kinds, only
from tests.chart.test_bundles import BUNDLE

MONITORING = ("serviceMonitor", "podMonitor", "alerts", "dashboard")
OPTIONS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "networkPolicy": ({"networkPolicy": {"enabled": True}}, {"NetworkPolicy"}),
    "tenants": ({"tenants": {"networkPolicy": {"namespaces": ["team-a"]}}}, {"NetworkPolicy"}),
    "crds": ({"crds": {"upgradeJob": {"enabled": True}}}, {"Job"}),
    "serviceMonitor": ({"monitoring": {"serviceMonitor": {"enabled": True}}}, {"ServiceMonitor"}),
    "podMonitor": ({"monitoring": {"podMonitor": {"enabled": True}}}, {"PodMonitor"}),
    "alerts": ({"monitoring": {"alerts": {"enabled": True}}}, {"PrometheusRule"}),
    "dashboard": ({"monitoring": {"dashboard": {"enabled": True}}}, {"ConfigMap"}),
}
HOOKS = {
    "crds": {"crds": {"upgradeJob": {"enabled": True}}},
    "test": {},
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_adds_its_object_and_changes_nothing_else(render: Render, option: str) -> None:
    values, added = OPTIONS[option]
    documents, plain = render.operator(**values), render()
    assert added <= kinds(documents) - kinds(plain)
    assert [d for d in documents if d in plain] == plain


@pytest.mark.parametrize("option", [name for name in OPTIONS if name in MONITORING])
def test_what_others_select_carries_the_labels_they_select_on(render: Render, option: str) -> None:
    (kind,) = OPTIONS[option][1]
    found = only(render.operator(monitoring={option: {"enabled": True, "labels": {"release": "prometheus"}}}), kind)
    assert found["metadata"]["labels"]["release"] == "prometheus"
    assert found["metadata"]["namespace"] == "modelbundle-system"


def test_the_disruption_budget_covers_the_operator(render: Render) -> None:
    documents = render()
    spec = only(documents, "PodDisruptionBudget")["spec"]
    assert spec["maxUnavailable"] == 1, "with one replica it blocks no drain"
    assert spec["selector"] == only(documents, "Deployment")["spec"]["selector"]
    stricter = render.operator(podDisruptionBudget={"maxUnavailable": 0})
    assert only(stricter, "PodDisruptionBudget")["spec"]["maxUnavailable"] == 0
    assert "PodDisruptionBudget" not in kinds(render.operator(podDisruptionBudget={"enabled": False}))


def test_the_network_policy_lets_in_scrapes_and_out_the_api_server_and_dns(render: Render) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}
    policy = {"enabled": True, "ingressFrom": [peer], "apiServerPorts": [16443]}
    documents = render.operator(networkPolicy=policy)
    spec = only(documents, "NetworkPolicy")["spec"]
    assert spec["podSelector"] == only(documents, "Deployment")["spec"]["selector"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"from": [peer], "ports": [{"protocol": "TCP", "port": "probes"}]}]
    (egress,) = spec["egress"]
    assert [(port["protocol"], port["port"]) for port in egress["ports"]] == [("UDP", 53), ("TCP", 53), ("TCP", 16443)]


def test_without_peers_anybody_may_scrape(render: Render) -> None:
    (ingress,) = only(render.operator(networkPolicy={"enabled": True}), "NetworkPolicy")["spec"]["ingress"]
    assert "from" not in ingress


def test_the_service_monitor_finds_the_service(render: Render) -> None:
    documents = render.operator(monitoring={"serviceMonitor": {"enabled": True, "interval": "15s"}})
    monitor, service = only(documents, "ServiceMonitor"), only(documents, "Service")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["endpoints"]
    assert endpoint == {"port": service["spec"]["ports"][0]["name"], "path": "/metrics", "interval": "15s"}


@pytest.mark.parametrize(
    ("scope", "selector"),
    [({}, {"any": True}), ({"watchNamespaces": ["team-a"]}, {"matchNames": ["team-a"]})],
)
def test_the_pod_monitor_looks_where_the_operator_does(
    render: Render, scope: dict[str, Any], selector: dict[str, Any]
) -> None:
    monitor = only(render.operator(**scope, monitoring={"podMonitor": {"enabled": True}}), "PodMonitor")
    assert monitor["spec"]["namespaceSelector"] == selector
    assert monitor["spec"]["selector"]["matchLabels"] == {"app.kubernetes.io/managed-by": "modelbundle-operator"}


def test_the_crd_job_may_touch_our_crds_only(render: Render) -> None:
    role = only(render.operator(**HOOKS["crds"]), "ClusterRole", "modelbundle-crds")
    (rule,) = role["rules"]
    assert rule["resources"] == ["customresourcedefinitions"]
    ours = [custom_resource_definition(resource)["metadata"]["name"] for resource in RESOURCES.values()]
    assert rule["resourceNames"] == ours
    assert "delete" not in rule["verbs"]


def test_the_crd_job_is_not_for_an_operator_without_cluster_roles(render: Render) -> None:
    done = render.try_to({"operator": {"watchNamespaces": ["a"], **HOOKS["crds"]}})
    assert done.returncode
    assert "operator.crds.upgradeJob needs a ClusterRole" in done.stderr


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_comes_with_its_rights_and_takes_them_along(render: Render, hook: str) -> None:
    name = f"modelbundle-{hook}"
    found = [d for d in render.operator(**HOOKS[hook]) if d["metadata"]["name"] == name]
    weights = [int(d["metadata"]["annotations"]["helm.sh/hook-weight"]) for d in found]
    assert weights == sorted(set(weights)), "account and role exist before what runs with them"
    kinds_by_weight = [
        d["kind"] for d in sorted(found, key=lambda d: d["metadata"]["annotations"]["helm.sh/hook-weight"])
    ]
    assert kinds_by_weight[0] == "ServiceAccount"
    assert kinds_by_weight[-1] in ("Job", "Pod")
    for document in found:
        policy = document["metadata"]["annotations"]["helm.sh/hook-delete-policy"].split(",")
        assert "before-hook-creation" in policy
        assert document["kind"] == "Pod" or "hook-succeeded" in policy  # the test's log is wanted afterwards


def test_doctor_runs_after_the_test_with_its_account(render: Render) -> None:
    test, doctor = (only(render(), "Pod", name) for name in ("modelbundle-test", "modelbundle-doctor"))
    assert doctor["spec"]["containers"][0]["args"] == ["doctor", "--only", "installation"]
    assert doctor["spec"]["serviceAccountName"] == test["spec"]["serviceAccountName"]
    assert (
        test["metadata"]["annotations"]["helm.sh/hook-weight"]
        < doctor["metadata"]["annotations"]["helm.sh/hook-weight"]
    )


def test_doctor_may_read_the_certificates_that_pods_trust_and_no_other_config_map(render: Render) -> None:
    def of_config_maps(documents: Documents) -> list[dict[str, Any]]:
        return [rule for rule in only(documents, "Role", "modelbundle-test")["rules"] if "configmaps" in str(rule)]

    assert of_config_maps(render()) == []
    (rule,) = of_config_maps(render.operator(settings={"caConfigMap": "company-ca"}))
    assert (rule["resourceNames"], rule["verbs"]) == (["company-ca"], ["get"])


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Deployment", ""), ("Job", ""), ("Pod", "modelbundle-test"), ("Pod", "modelbundle-doctor")],
)
def test_every_pod_passes_restricted(render: Render, kind: str, name: str) -> None:
    """Pod Security Standards, level restricted, as far as these pods could break it; the cluster tests enforce it."""
    body = only(render.operator(**HOOKS["crds"]), kind, name)["spec"]
    spec = body["template"]["spec"] if "template" in body else body
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["enableServiceLinks"] is False
    assert all(set(volume) - {"name"} <= {"emptyDir"} for volume in spec.get("volumes", []))
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert not [port for port in container.get("ports", []) if "hostPort" in port]


def test_the_dashboard_is_a_dashboard(render: Render) -> None:
    found: Documents = render.operator(monitoring={"dashboard": {"enabled": True}})
    config_map = only(found, "ConfigMap")
    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    dashboard = json.loads(config_map["data"]["modelbundles.json"])
    numbers = [panel["id"] for panel in dashboard["panels"]]
    assert numbers == sorted(set(numbers))
    assert all(panel["targets"] and panel["title"] for panel in dashboard["panels"])


@pytest.mark.parametrize(
    ("entries", "name"),
    [
        ({"quick": {"endpoint": True}, "other": {"name": "quick"}}, "quick"),
        ({"one": {"name": "same"}, "two": {"name": "same"}}, "same"),
    ],
)
def test_two_entries_never_make_objects_of_one_name(render: Render, entries: dict[str, Any], name: str) -> None:
    bundles = {key: {**entry, "bundle": BUNDLE} for key, entry in entries.items()}
    refused = render.try_to({"operator": {"enabled": False}, "bundles": bundles})
    assert refused.returncode != 0
    assert f"{name} would be the name of two objects" in refused.stderr


@pytest.mark.parametrize(("setting", "value"), [("workers", 0), ("workers", 257), ("resyncSeconds", 1000000)])
def test_a_setting_that_would_end_the_operator_is_refused(render: Render, setting: str, value: int) -> None:
    refused = render.try_to({"operator": {"settings": {setting: value}}})
    assert refused.returncode != 0
    assert setting in refused.stderr


def test_a_large_number_is_written_out(render: Render) -> None:
    deployment = only(render.operator(settings={"resyncSeconds": 86400}), "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"name": "MODELBUNDLE_RESYNC_SECONDS", "value": "86400"} in container["env"]
