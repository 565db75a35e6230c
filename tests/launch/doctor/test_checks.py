"""What doctor says of facts: each check's yes, no and unknown, and the setting that changes a no."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from launch.doctor.checks import CHECKS, exit_code, judged
from launch.doctor.facts import Certificates, Facts, IndexAnswer, Node, Operator, StoreFacts, Unknown

FORBIDDEN = Unknown("you may not ask for it")
FIELDS = {"bundle": ["artifact", "env"], "serving": ["replicas"]}
INSTALLED = Operator(
    "modelbundle-system", "0.2.0", 2, 2, {"ARTIFACT_SECRET": "keys", "PACKAGE_INDEX": "https://i/simple"}
)
WELL = Facts(
    client_version="0.2.0",
    client_fields=FIELDS,
    namespace="models",
    server="https://k8s",
    cluster="v1.35.4",
    fields=FIELDS,
    operators=[INSTALLED],
    policies=["modelbundle-operator-writes"],
    devices={"nvidia.com/gpu": "8 on 2 nodes"},
    labels={"pod-security.kubernetes.io/enforce": "restricted"},
    rights={"create modelbundles": True, "get pods/log": True},
    quotas=[],
    limit_ranges=[],
    secret=True,
    indexes=[IndexAnswer("https://i/simple", 200)],
    nodes=[Node("amd64", [], [])],
    proxies={},
    certificates=Certificates(),
    index_secret=True,
    pull_secrets={},
    limits={},
    store=StoreFacts("s3://team", ["reached", "written", "read", "removed"]),
    layer_keys="",
)


def quota(hard: dict[str, str], used: dict[str, str] | None = None) -> dict[str, Any]:
    return {"metadata": {"name": "q"}, "spec": {"hard": hard}, "status": {"hard": hard, "used": used or {}}}


def limits(**item: Any) -> dict[str, Any]:
    return {"spec": {"limits": [{"type": "Container", **item}]}}


def test_where_all_is_well_nothing_is_to_change() -> None:
    found = judged(WELL)
    assert {name: finding.answer for name, finding in found.items()} == dict.fromkeys((c.name for c in CHECKS), "yes")
    assert [finding.change for finding in found.values() if finding.change] == []
    assert exit_code(found) == 0


def test_what_may_not_be_asked_is_unknown_and_fails_nothing() -> None:
    names = (
        "fields", "operators", "policies", "devices", "nodes", "proxies", "indexes", "labels", "quotas", "limit_ranges",
        "secret", "certificates", "index_secret", "pull_secrets", "limits", "layer_keys",
    )  # fmt: skip
    hidden = dict.fromkeys(names, FORBIDDEN)
    rights = dict.fromkeys(WELL.rights, FORBIDDEN)
    found = judged(replace(WELL, **hidden, rights=rights, store=StoreFacts("", [], FORBIDDEN)))  # type: ignore[arg-type]
    answers = {name: finding.answer for name, finding in found.items()}
    assert answers == {**dict.fromkeys(answers, "unknown"), "client": "yes", "cluster": "yes"}
    assert exit_code(found) == 0


def test_without_a_cluster_it_says_three_lines() -> None:
    alone = Facts("0.2.0", cluster=Unknown("no Kubernetes to talk to"), store=StoreFacts("", [], Unknown("not set")))
    found = judged(alone)
    assert {name: finding.answer for name, finding in found.items()} == {
        "client": "yes", "cluster": "no", "store": "unknown",
    }  # fmt: skip
    assert "KUBECONFIG" in found["cluster"].change
    assert exit_code(found) == 3


def under(**settings: str) -> dict[str, Any]:
    """Facts of an operator with these settings."""
    return {"operators": [INSTALLED._replace(settings=settings)]}


BUDGETS = "count/poddisruptionbudgets.policy"
DEDICATED = Node("amd64", [{"key": "team", "value": "ml", "effect": "NoSchedule"}], ["nvidia.com/gpu"])
CORDONED = Node("amd64", [{"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}], [])
NOS: list[tuple[str, dict[str, Any], str, str, bool]] = [
    ("cluster", {"cluster": "v1.29.1"}, "Kubernetes v1.29.1", "1.30 or newer", False),
    ("crd", {"fields": None}, "knows no ModelBundles", "crds/", False),
    ("crd", {"fields": {"bundle": ["artifact"], "serving": []}}, "bundle.env, serving.replicas", "crds/", True),
    ("operator", {"operators": []}, "no operator", "helm install", False),
    ("operator", {"operators": [INSTALLED._replace(ready=0)]}, "0 of 2 ready", "kubectl logs", False),
    ("versions", {"client_version": "0.3.0"}, "the operator is 0.2.0, this client 0.3.0", "==0.2.0", True),
    ("policies", {"policies": []}, "none confines", "operator.admissionPolicy.enabled", True),
    ("devices", {"devices": {}}, "no node offers a GPU", "device plugin", True),
    ("nodes", {"nodes": []}, "0 of 0 take pods", "kubectl describe nodes", False),
    ("nodes", {"nodes": [DEDICATED]}, "0 of 1 take pods of bundles; taints of the others: team=ml:NoSchedule",
     "operator.settings.podTolerations", False),
    ("nodes", {"nodes": [CORDONED]}, "node.kubernetes.io/unschedulable:NoSchedule", "cordoned", False),
    ("nodes", {"nodes": [Node("amd64", [], []), DEDICATED]}, "1 of 2 take pods of bundles (amd64)", "podTolerations",
     True),
    ("proxies", {"proxies": {"http://p:3128": "refused"}, "in_pod": True}, "http://p:3128 cannot be reached: refused",
     "operator.settings.httpsProxy", False),
    ("index", {"indexes": [IndexAnswer("https://i", 0, "refused")], "in_pod": True}, "https://i cannot be reached",
     "packageIndex", True),
    ("index", {"indexes": [IndexAnswer("https://i", 401)], "in_pod": True}, "https://i answered 401",
     "packageIndexSecret", True),
    ("index", {"indexes": [IndexAnswer("https://i", 0, "[SSL: CERTIFICATE_VERIFY_FAILED]")], "in_pod": True},
     "CERTIFICATE", "caConfigMap", True),
    ("certificates", {**under(CA_CONFIG_MAP="company-ca"), "certificates": Certificates(failed="it is not there")},
     "the ConfigMap company-ca, key ca.crt: it is not there", "kubectl create configmap company-ca -n models", False),
    ("certificates", {**under(CA_CONFIG_MAP="company-ca"), "certificates": Certificates(2, ["old"])},
     "out of date: old", "newer ones in the ConfigMap company-ca", True),
    ("index-secret", {**under(PACKAGE_INDEX_SECRET="logins"), "index_secret": False}, "no Secret logins",
     "kubectl create secret generic logins -n models --from-file=netrc", False),
    ("pull-secrets", {**under(POD_IMAGE_PULL_SECRETS="a,b"), "pull_secrets": {"a": True, "b": False}}, "not there: b",
     "kubectl create secret docker-registry b -n models", True),
    ("limits", {"limits": None}, "modelbundle-tenants of modelbundle-system is not there: every bundle is refused",
     "operator.tenants.enabled", False),
    ("limits", {"limits": {"packagings": "\n"}}, "every bundle is refused: packagings allows none",
     "operator.tenants.limits of the chart", False),
    ("limits", {"limits": {"models.gpusMax": "many"}}, "gpusMax is 'many', which is no whole number",
     "tenants.namespaces.models", False),
    ("limits", {"limits": {"gpuMax": "4", "packagings": "zip"}}, "no limit has the name gpuMax; packagings: zip",
     "the ConfigMap modelbundle-tenants", True),
    ("served", {"labels": None}, "no namespace models", "kubectl create namespace models", False),
    ("served", {"namespace": "modelbundle-system"}, "not served", "another namespace", False),
    (
        "served",
        {"operators": [INSTALLED._replace(settings={"WATCH_NAMESPACES": "a,b"})]},
        "a,b",
        "watchNamespaces",
        False,
    ),
    ("rights", {"rights": {"create modelbundles": False}}, "not create modelbundles", "modelbundle-editor", False),
    ("pod-rights", {"rights": {"get pods/log": False}}, "may not get pods/log", "--clusterrole=edit", True),
    ("quota", {"quotas": [quota({"limits.cpu": "10"})]}, "q asks for limits.cpu", "LimitRange", False),
    ("quota", {"quotas": [quota({"pods": "5"}, {"pods": "5"})]}, "q: pods 5 of 5 is used", "raise", False),
    ("quota", {"quotas": [quota({"requests.cpu": "1"}, {"requests.cpu": "800m"})]}, "800m of 1", "raise", False),
    ("quota", {"quotas": [quota({BUDGETS: "3"}, {BUDGETS: "3"})]},
     f"q: {BUDGETS} 3 of 3 is used: bundles of several replicas go without", "serving.disruptionBudget: false", True),
    ("quota", {"quotas": [quota({"count/jobs.batch": "0"})]}, "bundles with GPUs wait for a Job", "precheck: false",
     True),
    ("quota", {"quotas": [quota({"pods": "0", BUDGETS: "0"})]}, f"pods 0 of 0 is used; q: {BUDGETS} 0 of 0", "raise",
     False),
    ("limit-range", {"limit_ranges": [limits(max={"memory": "512Mi"})]}, "less than the 1Gi", "LimitRange", False),
    ("limit-range", {"limit_ranges": [limits(min={"cpu": "100m"})]}, "more than the 50m", "LimitRange", False),
    ("limit-range", {"limit_ranges": [limits(maxLimitRequestRatio={"memory": "4"})]}, "Ratio.memory 4", "Limit", False),
    (
        "pod-security",
        {"annotations": {"openshift.io/sa.scc.uid-range": "1000650000/10000"}},
        "1000650000/10000",
        "operator.settings.podIds: platform",
        False,
    ),
    ("secret", {"secret": False}, "no Secret keys", "kubectl create secret generic keys -n models", False),
    (
        "store",
        {"store": StoreFacts("", [], "no artifact store is known")},
        "no artifact store",
        "client.artifactUri",
        False,
    ),
    ("layers", {"layer_keys": "the store answered 403"}, "each pod installs for itself", "s3:PutObject", True),
    ("store-use", {"store": StoreFacts("s3://a", [], "403 AccessDenied")}, "not reached: 403", "credentials", False),
    (
        "store-use",
        {"store": StoreFacts("s3://a", ["reached", "written"], "403")},
        "written; not read: 403",
        "policy",
        False,
    ),
    (
        "store-use",
        {"store": StoreFacts("s3://a", ["reached", "written", "read"], "403")},
        "not removed",
        "policy",
        True,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("check", "facts", "says", "change", "optional"), NOS)
def test_each_no_says_what_changes_it(
    check: str, facts: dict[str, Any], says: str, change: str, optional: bool
) -> None:
    found = judged(replace(WELL, **facts))
    assert found[check].answer == "no"
    assert says in found[check].says
    assert change in found[check].change
    others = {name: finding for name, finding in found.items() if name == check}
    assert exit_code(others) == (0 if optional else 3)


def test_every_check_has_a_no_but_those_that_only_show() -> None:
    assert {name for name, *_ in NOS} == {check.name for check in CHECKS} - {"client", "settings"}


@pytest.mark.parametrize(
    ("taint", "toleration", "open_to_all"),
    [
        ({"key": "team", "effect": "NoSchedule"}, {"key": "team", "operator": "Exists"}, True),
        ({"key": "team", "effect": "NoExecute"}, {"key": "team", "operator": "Exists", "effect": "NoSchedule"}, False),
        ({"key": "team", "value": "ml", "effect": "NoSchedule"}, {"key": "team", "value": "ml"}, True),
        ({"key": "team", "value": "ml", "effect": "NoSchedule"}, {"key": "team", "value": "web"}, False),
        ({"key": "team", "effect": "NoSchedule"}, {"operator": "Exists"}, True),
        ({"key": "team", "effect": "PreferNoSchedule"}, {"key": "other", "operator": "Exists"}, True),
        ({"key": "nvidia.com/gpu", "effect": "NoSchedule"}, {"key": "other", "operator": "Exists"}, True),
    ],
)
def test_nodes_that_the_tolerations_of_every_pod_open(
    taint: dict[str, str], toleration: dict[str, str], open_to_all: bool
) -> None:
    facts = replace(WELL, nodes=[Node("arm64", [taint], ["nvidia.com/mig-1g.5gb"])])
    found = judged(replace(facts, **under(POD_TOLERATIONS=json.dumps([toleration]))))["nodes"]
    assert found.answer == ("yes" if open_to_all else "no")


def test_an_index_that_wants_a_login_has_the_secret_for_it() -> None:
    facts = replace(WELL, indexes=[IndexAnswer("https://i", 401)], in_pod=True, **under(PACKAGE_INDEX_SECRET="logins"))
    assert judged(facts)["index"].says == "1 answered; https://i wants a login, which the Secret logins is to have"


def test_ids_that_the_platform_chooses_fit_the_range_of_openshift() -> None:
    facts = replace(WELL, **under(POD_IDS="platform"))
    assert judged(facts)["pod-security"].answer == "unknown"  # what gives pods their ids cannot be seen
    given = replace(facts, annotations={"openshift.io/sa.scc.uid-range": "1000650000/10000"})
    assert judged(given)["pod-security"].says == "pods get ids of 1000650000/10000 (podIds is platform)"


def test_the_installation_is_judged_by_its_only_operator_where_it_serves_other_namespaces() -> None:
    facts = replace(WELL, **under(WATCH_NAMESPACES="a", HTTPS_PROXY="http://p:3128"))
    assert "HTTPS_PROXY=http://p:3128" in judged(facts)["settings"].says
    assert judged(facts)["certificates"].answer == "unknown"


def test_limits_that_a_limit_range_gives_satisfy_a_quota() -> None:
    facts = replace(WELL, quotas=[quota({"limits.cpu": "10"})], limit_ranges=[limits(default={"cpu": "1"})])
    assert judged(facts)["quota"].answer == "yes"
    terminating = {**quota({"pods": "0"}), "spec": {"hard": {"pods": "0"}, "scopes": ["Terminating"]}}
    assert judged(replace(WELL, quotas=[terminating]))["quota"].answer == "yes"


def test_a_quota_on_jobs_matters_where_bundles_are_tried_by_one() -> None:
    facts = replace(WELL, quotas=[quota({"count/jobs.batch": "0"})], **under(PRECHECK="false"))
    assert judged(facts)["quota"].answer == "yes"
    budgets = replace(WELL, quotas=[quota({BUDGETS: "3"}, {BUDGETS: "2"})])
    assert judged(budgets)["quota"].says == "there is room"


def test_what_only_pods_reach_is_unknown_here() -> None:
    away = replace(WELL, indexes=[IndexAnswer("https://i", 0, "refused")], proxies={"http://p:3128": "refused"})
    assert [judged(away)[name].answer for name in ("index", "proxies")] == ["unknown", "unknown"]


def test_passwords_in_settings_are_not_shown() -> None:
    settings = {"HTTPS_PROXY": "http://me:sekret@proxy:3128", "LOG_LEVEL": "DEBUG"}
    found = judged(replace(WELL, operators=[INSTALLED._replace(settings=settings)]))["settings"]
    assert found.says == "HTTPS_PROXY=http://***@proxy:3128"
