"""Everything that the chart can render, with every option on, is taken by the API server and by kubeconform.

No registry of schemas is needed: kubeconform gets those that this API server publishes, its CRDs' among them.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.local_cluster import golang, store
from tools.testkit.install import helm
from tools.testkit.kubectl import kubectl
from tools.testkit.limit_rows import LIMITS
from tools.testkit.place import ROOT

IMAGES = str(ROOT / "tests/chart/images.yaml")
KUBECONFORM = ("github.com/yannh/kubeconform/cmd/kubeconform", "v0.7.0")
# the API versions of all that is rendered; kubeconform counts an object of another as skipped
SERVED = {
    *("api/v1", "apis/apps/v1", "apis/batch/v1", "apis/policy/v1", "apis/networking.k8s.io/v1"),
    *("apis/rbac.authorization.k8s.io/v1", "apis/apiextensions.k8s.io/v1", "apis/modelbundle.dev/v1alpha1"),
    "apis/admissionregistration.k8s.io/v1",
}
OPERATOR: dict[str, Any] = {
    "podDisruptionBudget": {"enabled": True},
    "networkPolicy": {"enabled": True, "ingressFrom": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]},
    "monitoring": {"dashboard": {"enabled": True}},
    "client": {"artifactUri": "s3://models/team"},
    "serviceAccount": {"annotations": {"a": "b"}},
    "affinity": {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {
                "nodeSelectorTerms": [{"matchExpressions": [{"key": "pool", "operator": "Exists"}]}]
            }
        }
    },
    "env": [{"name": "SSL_CERT_FILE", "value": "/etc/company/ca.crt"}],
    "volumes": [{"name": "company", "configMap": {"name": "company-ca"}}],
    "volumeMounts": [{"name": "company", "mountPath": "/etc/company", "readOnly": True}],
    "tenants": {
        "enabled": True,
        "limits": LIMITS,
        "networkPolicy": {
            "namespaces": ["default"],
            "ingressFrom": [{"podSelector": {}}],
            "egress": [{"to": [{"ipBlock": {"cidr": "192.0.2.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}],
        },
    },
}
ENTRY = {
    "endpoint": True,
    "bundle": {
        "artifact": {"uri": "s3://models/a.zip", "sha256": "0" * 64, "packaging": "zip"},
        "envParams": {"frameworkType": "pytorch", "pytorchImageTag": "1"},
        "loadPredictFn": "predict.load",
        "loadModelFn": "model.load",
        "appConfig": {"y": [1, "1e3", None, {"deep": True}]},
    },
    "serving": {"replicas": 0, "resources": {"cpu": 1}},
}
SCOPES = {
    "cluster": {**OPERATOR, "crds": {"upgradeJob": {"enabled": True}}},
    "namespaces": {**OPERATOR, "watchNamespaces": ["default", "kube-public"]},
}


@pytest.fixture(params=SCOPES)
def rendered(request: pytest.FixtureRequest, namespace: str) -> list[dict[str, Any]]:
    bundles = {"sum": ENTRY, "clone": {"bundle": {"cloneFrom": {"name": "sum"}}}}
    values = {"operator": SCOPES[request.param], "bundles": bundles}
    text = helm(
        "template",
        "rendered",
        str(ROOT),
        "-n",
        namespace,
        "--include-crds",
        "-f",
        IMAGES,
        "-f",
        "-",
        stdin=json.dumps(values),
    )
    return [document for document in yaml.safe_load_all(text) if document]


def test_the_api_server_takes_all_of_it_strictly(
    operator: object, rendered: list[dict[str, Any]], namespace: str, tmp_path: Path
) -> None:
    """Dry runs: unknown and repeated fields are errors; pods in a namespace that enforces Pod Security `restricted`."""
    whole = [document for document in rendered if document["kind"] != "Pod"]
    file = tmp_path / "rendered.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": whole}))
    strictly = ("--dry-run=server", "--validate=strict")
    printed = kubectl("apply", "--server-side", "--force-conflicts", *strictly, "-f", str(file))
    assert len(printed.splitlines()) == len(whole)
    # admission only warns of a template, so each template is tried as a pod
    specs = [d["spec"]["template"]["spec"] for d in rendered if d["kind"] in ("Deployment", "Job")]
    specs += [d["spec"] for d in rendered if d["kind"] == "Pod"]
    assert len(specs) >= 2
    for spec in specs:
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "tried"}}
        pod["spec"] = {**spec, "serviceAccountName": "default"}  # its own is not made in a dry run
        kubectl("create", *strictly, "-f", "-", namespace=namespace, stdin=json.dumps(pod))


@pytest.fixture(scope="session")
def kubeconform() -> str:
    """Built once per machine into the local cluster's cache (25 s)."""
    package, version = KUBECONFORM
    target = store.root() / "bin" / f"kubeconform-{version}"
    if not target.exists():
        with (
            store.locked(store.root() / "bin" / "kubeconform.lock", "it builds kubeconform"),
            store.making(target) as scratch,
        ):
            go = golang.compiler()  # first, as it tells the environment where it is
            environment = {**os.environ, **golang.ENVIRONMENT, "GOBIN": str(scratch)}
            subprocess.run([go, "install", "-trimpath", f"{package}@{version}"], env=environment, check=True)
            (scratch / "kubeconform").rename(scratch / "new")
    return str(target)


@pytest.fixture(scope="session")
def schemas(operator: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JSON Schema for each kind that the API server serves, from its own OpenAPI documents."""
    directory = tmp_path_factory.mktemp("schemas")
    index = json.loads(kubectl("get", "--raw", "/openapi/v3"))["paths"]
    for path, place in index.items():
        if path not in SERVED:
            continue
        components = (
            json.loads(kubectl("get", "--raw", place["serverRelativeURL"])).get("components", {}).get("schemas", {})
        )
        closed = {name: _closed(schema) for name, schema in components.items()}
        for name, schema in components.items():
            for kind in schema.get("x-kubernetes-group-version-kind", []):
                group = f"{kind['group'].partition('.')[0]}-" if kind["group"] else ""
                document = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": closed}}
                (directory / f"{kind['kind']}-{group}{kind['version']}.json".lower()).write_text(json.dumps(document))
    return directory


def _closed(schema: Any) -> Any:
    """Objects with known properties take no others; a format is the API server's, not JSON Schema's."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _closed(value) for name, value in schema.items() if name != "format" or not isinstance(value, str)}
    if isinstance(made.get("properties"), dict) and "x-kubernetes-preserve-unknown-fields" not in made:
        made.setdefault("additionalProperties", False)
    return made


def _conform(kubeconform: str, schemas: Path, documents: list[dict[str, Any]]) -> subprocess.CompletedProcess[str]:
    location = f"{schemas}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"
    command = [kubeconform, "-strict", "-summary", "-output", "json", "-schema-location", location]
    text = "\n---\n".join(json.dumps(document) for document in documents)
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_kubeconform_takes_all_of_it(kubeconform: str, schemas: Path, rendered: list[dict[str, Any]]) -> None:
    done = _conform(kubeconform, schemas, rendered)
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["summary"] == {"valid": len(rendered), "invalid": 0, "errors": 0, "skipped": 0}


@pytest.mark.parametrize("kind", ["ModelBundle", "Deployment", "ClusterRole"])
def test_kubeconform_would_see_a_misspelt_field(kubeconform: str, schemas: Path, kind: str, namespace: str) -> None:
    text = helm(
        "template",
        "rendered",
        str(ROOT),
        "-n",
        namespace,
        "-f",
        IMAGES,
        "-f",
        "-",
        stdin=json.dumps({"bundles": {"sum": ENTRY}}),
    )
    document = next(d for d in yaml.safe_load_all(text) if d and d["kind"] == kind)
    document["spec" if kind != "ClusterRole" else "metadata"]["sepc"] = {}
    assert _conform(kubeconform, schemas, [document]).returncode == 1
