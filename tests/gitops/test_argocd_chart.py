"""Argo CD itself syncs the operator's chart, its CRDs too, from a repository like this project's."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cluster.bundles import cpu_bundle
from tests.cluster.conftest import SETTINGS
from tests.conftest import ROOT
from tests.gitops import argo
from tests.gitops.argo import EXAMPLES, Repository
from tests.gitops.health_data import HEALTHY
from tools.testkit.install import NAMESPACE as OPERATOR_NAMESPACE
from tools.testkit.install import values
from tools.testkit.kubectl import Manifest, get, kubectl, list_all, wait_established, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = [pytest.mark.cluster, pytest.mark.argocd, pytest.mark.timeout(900)]

CHART = (".helmignore", "Chart.yaml", "LICENSE", "README.md", "charts", "crds", "templates", "values.schema.json",
         "values.yaml")  # fmt: skip
_OTHER = "otherbundles.crd.modelbundle.test"


def test_an_app_of_apps_installs_the_operator_before_the_bundles(
    argocd: None,
    operator: object,
    make_namespace: Callable[..., str],
    place: Place,
    store: Store,
    tmp_path: Path,
) -> None:
    """The operator that Helm installed is taken over without a restart, as the chart renders to what is there."""
    namespace = make_namespace("gitops-apps")
    chart, bundles, gitops = (Repository.new(tmp_path / name) for name in ("chart", "bundles", "gitops"))
    _copy_chart(chart)
    bundles.commit({"stored.yaml": cpu_bundle(store, "stored", serving={"replicas": 0})})
    charted = argo.example(EXAMPLES / "apps" / "operator.yaml", "model-bundles", chart, OPERATOR_NAMESPACE)
    charted["spec"]["source"]["helm"]["valuesObject"] = values(place, SETTINGS)
    models = argo.example(EXAMPLES / "apps" / "models.yaml", "models", bundles, namespace)
    for app in (charted, models):
        app["spec"]["source"]["targetRevision"] = "main"
    head = gitops.commit({"apps/operator.yaml": charted, "apps/models.yaml": models})
    pods = {pod["metadata"]["uid"] for pod in list_all("pods", OPERATOR_NAMESPACE)}
    root = argo.example(EXAMPLES / "root.yaml", "model-serving", gitops, argo.NAMESPACE)
    try:
        argo.start(root)
        argo.wait_in_sync("model-serving", head)
        synced = argo.wait_in_sync("model-bundles", chart.head)
        assert argo.resources(synced)["Deployment", "modelbundle-operator"]["health"]["status"] == HEALTHY
        assert argo.results(synced)["CustomResourceDefinition", "modelbundles.modelbundle.dev"]["status"] == "Synced"
        second = get("application", "models", argo.NAMESPACE) or {}
        assert second["metadata"]["creationTimestamp"] >= _first_healthy(synced)
        assert get("modelbundle", "stored", namespace)
        for server_side in (False, True):
            again = argo.compared_anew("model-bundles", server_side=server_side)
            assert again["status"]["sync"]["status"] == "Synced", argo.explain("model-bundles")
        assert {pod["metadata"]["uid"] for pod in list_all("pods", OPERATOR_NAMESPACE)} == pods
    finally:
        managed = argo.resources(get("application", "model-bundles", argo.NAMESPACE) or {"status": {}})
        argo.forget("model-serving", "models", "model-bundles")
        argo.disown(*managed.values())


def test_crds_are_upgraded_by_a_sync_and_outlive_the_application(
    argocd: None, make_namespace: Callable[..., str], store: Store, tmp_path: Path
) -> None:
    """From an older CRD with objects stored, under another name so that the cluster's own bundles are not touched."""
    namespace = make_namespace("gitops-crds")
    older = yaml.safe_load((ROOT / "tests/gitops/data/modelbundles-f3c618f.yaml").read_text())
    kubectl("apply", "-f", "-", stdin=json.dumps(_renamed(older)))
    wait_established(_OTHER)
    stored = {**cpu_bundle(store, "stored"), "apiVersion": "crd.modelbundle.test/v1alpha1", "kind": "OtherBundle"}
    wait_for(
        "the older CRD to serve", lambda: kubectl("apply", "-f", "-", stdin=json.dumps(stored), namespace=namespace), 60
    )
    before = get("otherbundles", "stored", namespace) or {}
    chart = Repository.new(tmp_path / "chart")
    _copy_chart(chart)
    newer = _renamed(yaml.safe_load((ROOT / "crds" / "modelbundles.yaml").read_text()))
    head = chart.commit({"crds/modelbundles.yaml": newer, "crds/modelendpoints.yaml": None})
    helm = {"valuesObject": {"operator": {"enabled": False}, "roles": {"create": False}}}
    app = argo.application(namespace, chart, namespace, helm=helm)
    app["metadata"]["finalizers"] = ["resources-finalizer.argocd.argoproj.io"]
    try:
        argo.start(app)
        argo.wait_in_sync(namespace, head)
        live = get("crd", _OTHER) or {}
        assert live["spec"]["versions"][0]["selectableFields"] == newer["spec"]["versions"][0]["selectableFields"]
        assert kubectl("get", "otherbundles", "--field-selector=spec.bundle.cloneFrom.name=", "-o", "name",
                       namespace=namespace)  # fmt: skip
        assert _without_new_defaults(get("otherbundles", "stored", namespace) or {}, before) == before
        # with all that it manages, as its finalizer asks for: not the CRDs, which would take every bundle with them
        kubectl("delete", "application", namespace, "--timeout=240s", namespace=argo.NAMESPACE, timeout=250)
        assert (get("crd", _OTHER) or {})["metadata"]["uid"] == live["metadata"]["uid"]
        assert _without_new_defaults(get("otherbundles", "stored", namespace) or {}, before) == before
    finally:
        argo.forget(namespace)
        kubectl("delete", "crd", _OTHER, "--ignore-not-found", timeout=240)


def _without_new_defaults(after: Manifest, before: Manifest) -> Manifest:
    """A newer CRD has more fields of serving, some with a default."""
    serving = {name: value for name, value in after["spec"]["serving"].items() if name in before["spec"]["serving"]}
    return {**after, "spec": {**after["spec"], "serving": serving}}


def _first_healthy(app: Manifest) -> str:
    """When Argo CD first called the Application Healthy; a sync may unsettle it for a moment later on."""
    return min(
        str(event["firstTimestamp"])
        for event in list_all("events", argo.NAMESPACE)
        if event["involvedObject"].get("uid") == app["metadata"]["uid"] and event["message"].endswith("-> Healthy")
    )


def _renamed(crd: Manifest) -> Manifest:
    """The same CRD for another group and kind."""
    names = {"plural": "otherbundles", "singular": "otherbundle", "kind": "OtherBundle", "listKind": "OtherBundleList"}
    spec = {**crd["spec"], "group": "crd.modelbundle.test", "names": names}
    return {**crd, "metadata": {**crd["metadata"], "name": _OTHER}, "spec": spec}


def _copy_chart(repository: Repository) -> None:
    """The chart as a clone of this project has it."""
    for name in CHART:
        source = ROOT / name
        for file in [source] if source.is_file() else source.rglob("*"):
            if file.is_file():
                target = repository.directory / file.relative_to(ROOT)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read_bytes())
    repository.commit({})
