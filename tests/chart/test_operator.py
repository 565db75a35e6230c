"""The operator's chart: least privileges, a restricted pod, every setting reachable from values."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from modelbundle_operator.settings import Settings

from tests.chart.conftest import ROOT

if TYPE_CHECKING:
    from .conftest import Helm

Render = Callable[..., list[dict[str, Any]]]
# verbs on each resource; a row more here is a privilege more for the operator, so it needs a reason in the commit
GRANTED = {
    ("modelbundle.dev", "modelbundles"): {"get", "list", "watch"},
    ("modelbundle.dev", "modelendpoints"): {"get", "list", "watch"},
    ("modelbundle.dev", "modelbundles/status"): {"patch"},
    ("modelbundle.dev", "modelendpoints/status"): {"patch"},
    ("discovery.k8s.io", "endpointslices"): {"list"},
    ("", "configmaps"): {"get", "list", "watch", "create", "patch", "update"},
    ("", "services"): {"get", "list", "watch", "create", "patch", "update"},
    ("apps", "deployments"): {"get", "list", "watch", "create", "patch", "update"},
    ("", "pods"): {"get", "list", "watch"},
    ("", "events"): {"create", "patch"},
    ("events.k8s.io", "events"): {"create", "patch"},
}


def test_operator_may_do_what_it_needs_and_nothing_more(render: Render) -> None:
    (role,) = [d for d in render() if d["kind"] == "ClusterRole" and d["metadata"]["name"] == "modelbundle-operator"]
    granted = {
        (group, resource): set(rule["verbs"])
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    }
    assert granted == GRANTED


def test_operator_pod_is_restricted_and_single(render: Render) -> None:
    deployment = _deployment(render())
    assert deployment["spec"]["replicas"] == 1
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"


def test_every_setting_of_the_operator_is_a_value(render: Render) -> None:
    """Set to a telling text each, every variable that the operator reads reaches its pod."""
    values = yaml.safe_load((ROOT / "charts/operator/values.yaml").read_text())["settings"]
    telling = {
        "imagePullPolicy": "Always",
        "packageIndex": "http://index.example/simple",
        "logLevel": "DEBUG",
        **{name: 30 for name in values if name.endswith("Seconds") or name == "workers"},
    }
    settings = {name: telling.get(name, "telling") for name in values}
    container = _deployment(render(json.dumps({"operator": {"settings": settings}})))["spec"]["template"]["spec"]
    environment = {entry["name"]: entry["value"] for entry in container["containers"][0]["env"]}
    read = {item.metadata["variable"] for item in fields(Settings)}
    assert set(environment) == read
    Settings.from_environment(environment)  # and the operator understands each of them


def test_a_digest_wins_over_the_tag(render: Render) -> None:
    digest = "sha256:" + "0" * 64
    deployment = _deployment(render(json.dumps({"operator": {"image": {"digest": digest}}})))
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == (
        f"docker.io/model-bundles/operator@{digest}"
    )


def test_without_operator_only_bundles_and_roles_are_rendered(render: Render) -> None:
    kinds = {d["kind"] for d in render("operator: {enabled: false}")}
    assert kinds == {"ClusterRole"}


def test_bundles_are_rendered_from_values(render: Render) -> None:
    bundle = {
        "artifact": {"uri": "s3://models/a.zip", "sha256": "0" * 64, "packaging": "zip"},
        "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "1"},
        "loadPredictFn": "predict.load",
        "loadModelFn": "model.load",
        "requestSchema": {"properties": {"y": {"type": "string"}}},
    }
    values = {"bundles": {"sentiment-v3": {"bundle": bundle, "serving": {"replicas": 0}}}}
    (found,) = [d for d in render(json.dumps(values)) if d["kind"] == "ModelBundle"]
    assert found["metadata"] == {"name": "sentiment-v3", "namespace": "modelbundle-system"}
    assert found["spec"] == {"bundle": bundle, "serving": {"replicas": 0}}


@pytest.mark.parametrize(
    "values",
    [
        "bundle: {}",
        "operator: {setings: {}}",
        "operator: {settings: {packageindex: ''}}",
        "operator: {settings: {packageIndex: 'ftp://x'}}",
        "operator: {image: {repo: x}}",
        "operator: {runtimeImage: {digest: latest}}",
        "operator: {probePort: 0}",
        "roles: {aggregateToEdit: please}",
        "bundles: {Sentiment: {bundle: {}}}",
        "bundles: {sentiment: {serving: {}}}",
        "bundles: {sentiment: {bundle: {}, replicas: 1}}",
    ],
)
def test_wrong_values_are_refused(helm: Helm, values: str) -> None:
    done = helm("template", ".", "--kube-version", "1.35.4", "-f", "-", stdin=values)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr


def _deployment(documents: list[dict[str, Any]]) -> dict[str, Any]:
    (deployment,) = [document for document in documents if document["kind"] == "Deployment"]
    return deployment
