"""The operator by Helm: CRDs and chart from an older version, back and forth under traffic, in one namespace, and away.

While these tests run the session's operator is not installed; the last thing that they do is to put it back.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.bundles import PREDICT, cpu_bundle, manifest, wait_ready
from tests.cluster.conftest import SETTINGS
from tests.cluster.load import load
from tests.cluster.operator_pods import LABEL, operator_logs, operator_pods
from tests.cluster.pod_events import generations, pod_events
from tests.cluster.test_endpoints import endpoint
from tools.testkit.call import from_host, from_pod, start_client
from tools.testkit.install import NAMESPACE, RELEASE, helm, values
from tools.testkit.kubectl import (
    KubectlError,
    Manifest,
    apply,
    condition,
    get,
    kubectl,
    list_all,
    wait_established,
    wait_for,
)
from tools.testkit.place import ROOT, Place
from tools.testkit.store import Store

pytestmark = pytest.mark.exclusive

# the chart as it was before its values had schemas for bundles, and the first CRD that this repository had
HERE = Path(__file__).parent
OLDER_CHART = HERE / "older_chart"
OLDER_CRDS = (HERE / "older_crds/modelbundles.yaml", OLDER_CHART / "crds/modelendpoints.yaml")
CRDS = ("modelbundles.modelbundle.dev", "modelendpoints.modelbundle.dev")
OLDER_RIGHTS = "modelbundle-test-older-operator"
TRAFFIC_SECONDS = 120.0  # at most: it ends when asked
# notes the id of each request that it answered
NOTING = PREDICT.replace("return model(x)", "open('/tmp/ids', 'a').write(y + '\\n'); return model(x)")


@pytest.fixture(scope="module", autouse=True)
def alone(operator: Callable[[], None], request: pytest.FixtureRequest) -> Iterator[None]:
    request.addfinalizer(operator)  # noqa: PT021  # whatever fails before it
    yield
    helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--ignore-not-found")
    # a hook that failed stays to be looked at, and so does the pod of `helm test`
    kubectl("delete", "jobs,pods,serviceaccounts", "-l", f"app.kubernetes.io/instance={RELEASE}", namespace=NAMESPACE)
    kubectl("delete", "clusterroles,clusterrolebindings", "-l", f"app.kubernetes.io/instance={RELEASE}")
    kubectl("delete", "clusterrole,clusterrolebinding", OLDER_RIGHTS, "--ignore-not-found")
    kubectl("delete", "role,rolebinding", OLDER_RIGHTS, "--ignore-not-found", namespace=NAMESPACE)


@pytest.fixture(autouse=True)
def nothing_installed(alone: None) -> None:
    """Nor left by a test that failed."""
    helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait", "--ignore-not-found")
    wait_for("the operator's pods to go", lambda: not list_all("pods", NAMESPACE, LABEL), 120)


@pytest.fixture
def in_place(place: Place) -> Callable[..., str]:
    """helm install or upgrade of the operator where the session has it; the chart may be another."""

    def run(verb: str, chart: Path = ROOT, *more: str, **settings: str | int) -> str:
        given = values(place, {**SETTINGS, **settings})
        given["operator"].pop("client", None)  # the older chart knows of no clients
        arguments = (RELEASE, str(chart), "-n", NAMESPACE, "-f", "-", "--wait", "--timeout", "240s")
        return helm(verb, *arguments, *more, stdin=json.dumps(given))

    return run


@pytest.fixture
def stored_under_older_crds(namespace: str) -> dict[str, tuple[str, Any]]:
    """Objects that were created when the cluster had the older CRDs."""
    kubectl("apply", "--server-side", "--force-conflicts", *(word for path in OLDER_CRDS for word in ("-f", str(path))))
    wait_established(*CRDS)
    artifact = {"uri": "s3://models/a.zip", "sha256": "0" * 64, "packaging": "zip"}
    whole = manifest("whole", artifact, serving={"replicas": 0}, loadPredictFn="p.load", loadModelFn="m.load",
                     appConfig={"mode": "single", "deep": {"y": [1, 1.5]}})  # fmt: skip
    clone = {**whole, "metadata": {"name": "clone"}, "spec": {"bundle": {"cloneFrom": {"name": "whole"}}}}
    clone["spec"]["serving"] = {"replicas": 0}
    endpoint = {**whole, "kind": "ModelEndpoint", "metadata": {"name": "stable"}, "spec": {"bundle": "whole"}}
    apply(whole, clone, endpoint, namespace=namespace)
    _by_another_writer("whole", namespace)
    return _stored(namespace)


def _by_another_writer(name: str, namespace: str) -> None:
    """Server-side apply of the object as it stands, by which the writer comes to own all of it."""
    found = get("modelbundle", name, namespace) or {}
    body = {key: found[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": {"name": name}}
    words = ("apply", "--server-side", "--force-conflicts", "--field-manager=gitops", "-f", "-")
    kubectl(*words, namespace=namespace, stdin=json.dumps(body))


def _stored(namespace: str) -> dict[str, tuple[str, Any]]:
    """uid and spec by kind and name, without what only the newer CRDs give a default to."""
    found = list_all("modelbundles,modelendpoints", namespace)
    return {f"{o['kind']}/{o['metadata']['name']}": (o["metadata"]["uid"], _as_older(o["spec"])) for o in found}


def _as_older(spec: dict[str, Any]) -> dict[str, Any]:
    (version,) = yaml.safe_load(OLDER_CRDS[0].read_text())["spec"]["versions"]
    known = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["serving"]["properties"]
    if "serving" not in spec:
        return spec
    return {**spec, "serving": {name: value for name, value in spec["serving"].items() if name in known}}


def _by_kubectl(in_place: Callable[..., str]) -> None:
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))
    in_place("install")


def _by_the_job(in_place: Callable[..., str]) -> None:
    in_place("install", OLDER_CHART, "--skip-crds", "--set", "operator.enabled=false")
    in_place("upgrade", ROOT, "--set", "operator.crds.upgradeJob.enabled=true")
    left = list_all("jobs,serviceaccounts", NAMESPACE, "app.kubernetes.io/name=modelbundle-crds")
    left += list_all("clusterroles,clusterrolebindings", selector="app.kubernetes.io/name=modelbundle-crds")
    assert not left, "the hook takes its rights along"
    printed = helm("test", RELEASE, "-n", NAMESPACE, "--timeout", "240s", "--logs")
    assert printed.count("\nok: ") == 4
    assert "ModelBundles are served, with the fields of this client" in printed  # by doctor


@pytest.mark.parametrize("way", [_by_kubectl, _by_the_job], ids=["kubectl", "job"])
def test_objects_of_an_older_crd_survive_its_upgrade(
    stored_under_older_crds: dict[str, tuple[str, Any]],
    namespace: str,
    in_place: Callable[..., str],
    way: Callable[[Callable[..., str]], None],
) -> None:
    assert "selectableFields" not in _version(CRDS[0])
    way(in_place)
    assert _version(CRDS[0])["selectableFields"]
    assert (
        _crd(CRDS[0])["spec"]["names"]["categories"] == _crd(CRDS[1])["spec"]["names"]["categories"] == ["modelserving"]
    )
    assert _stored(namespace) == stored_under_older_crds
    _by_another_writer("whole", namespace)
    assert _stored(namespace) == stored_under_older_crds, "its free-form fields were owned key by key"
    for name in ("whole", "clone"):
        bundle = wait_ready(name, namespace)
        assert condition(bundle, "Ready")["reason"] == "Stored"
    assert (get("modelbundle", "clone", namespace) or {})["status"]["lineage"]["root"] == "whole"
    edit = {"spec": {"bundle": {"appConfig": {"mode": "batched"}}}}
    with pytest.raises(KubectlError, match=r"spec\.bundle is immutable"):
        kubectl("patch", "mbun", "whole", "--type=merge", "-p", json.dumps(edit), namespace=namespace)
    helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait")
    assert _stored(namespace) == stored_under_older_crds


def test_a_job_of_an_older_version_drops_no_field(in_place: Callable[..., str]) -> None:
    """A CRD that has a field more than this version: nothing is changed, and helm says whose move it is."""
    more = _crd(CRDS[1])
    more["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["weight"] = {
        "type": "integer"
    }
    kubectl("replace", "-f", "-", stdin=json.dumps(more))
    with pytest.raises(KubectlError, match="conflict"):
        in_place("install")  # Helm 4 applies crds/ at an install; what another tool has changed since stops it
    in_place("install", ROOT, "--skip-crds")
    with pytest.raises(KubectlError):
        helm("upgrade", RELEASE, str(ROOT), "-n", NAMESPACE, "--reuse-values", "--timeout", "240s", "--set",
             "operator.crds.upgradeJob.enabled=true")  # fmt: skip
    said = kubectl("logs", "job/modelbundle-crds", namespace=NAMESPACE)
    assert said.count("weight") == 1, "and it is not tried again"
    assert "v1alpha1.spec.weight. Nothing was changed" in said
    assert "weight" in json.dumps(_crd(CRDS[1]))
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(ROOT / "crds"))


def test_upgrade_and_rollback_under_traffic_lose_nothing(
    in_place: Callable[..., str], namespace: str, store: Store, show: Callable[[str], None]
) -> None:
    start_client(namespace)
    # it knew nothing of OwnerReferencesPermissionEnforcement, as the local cluster has it, and of a Lease
    finalizers = "modelbundles.modelbundle.dev/finalizers,modelendpoints.modelbundle.dev/finalizers"
    kubectl("create", "clusterrole", OLDER_RIGHTS, "--verb=update", f"--resource={finalizers}")
    account = f"--serviceaccount={NAMESPACE}:modelbundle-operator"
    kubectl("create", "clusterrolebinding", OLDER_RIGHTS, f"--clusterrole={OLDER_RIGHTS}", account)
    kubectl("create", "role", OLDER_RIGHTS, "--verb=get,create,update", "--resource=leases", namespace=NAMESPACE)
    kubectl("create", "rolebinding", OLDER_RIGHTS, f"--role={OLDER_RIGHTS}", account, namespace=NAMESPACE)
    in_place("install", OLDER_CHART, "--skip-crds")
    apply(cpu_bundle(store, "steady", predict=NOTING), namespace=namespace)
    wait_ready("steady", namespace)
    wait_for("the name to answer", lambda: from_pod("steady", namespace, {"x": 1, "y": "warm"}).status == 200, 60)
    before = _pods("steady", namespace)
    operators = _operators({})

    with pod_events(NAMESPACE, LABEL) as seen, load("steady", namespace, TRAFFIC_SECONDS) as traffic:
        began = time.monotonic()
        # another version renders differently: other settings are what a rendering shows of it
        in_place("upgrade", ROOT, drainSeconds=3, imagePullPolicy="Never")
        operators = _operators(operators)
        apply(cpu_bundle(store, "newcomer"), namespace=namespace)
        wait_ready("newcomer", namespace)
        helm("rollback", RELEASE, "-n", NAMESPACE, "--wait", "--timeout", "240s")
        operators = _operators(operators)
        took = time.monotonic() - began

    answers, lost = traffic.answers, traffic.lost
    assert not lost, f"{len(lost)} of {len(answers)} requests lost, first: {lost[:3]}"
    sent = {answer.id for answer in answers}
    (pod,) = before
    noted = kubectl("exec", pod, "-c", "worker", "--", "cat", "/tmp/ids", namespace=namespace).split()
    assert sorted(noted) == sorted([*sent, "warm"] if "warm" in noted else sent), (
        "both sides have the same ids, each once"
    )
    assert _pods("steady", namespace) == before
    assert len(operators) == 1 + 2 + 1, "each step replaced the operator"
    assert len(generations(seen)) == 3, "and no pod of one version was there beside one of another"
    assert _pull_policies("newcomer", namespace) == {"Never"} != _pull_policies("steady", namespace)
    show(
        f"operator upgraded and rolled back by Helm in {took:.1f} s under {len(answers)} requests, no retries: 0 lost,"
        f" every id noted once by the worker, 0 pod restarts"
    )

    size = max(len(json.dumps(secret["data"])) for secret in list_all("secrets", NAMESPACE, "owner=helm"))
    show(f"the release's Secret is at most {size / 1024:.1f} KiB")
    assert size < 200 * 1024
    helm("uninstall", RELEASE, "-n", NAMESPACE, "--wait")
    assert all(_crd(name) for name in CRDS)
    assert from_host("steady", namespace, {"x": 2, "y": "abc"}).value == 7, "bundles outlive the operator"
    assert _pods("steady", namespace) == before


def test_an_operator_of_one_namespace_needs_no_cluster_role(
    make_namespace: Callable[..., str], namespace: str, place: Place, store: Store
) -> None:
    team = make_namespace("team")
    given = values(place, dict(SETTINGS))
    given["operator"]["watchNamespaces"] = [team]
    helm("install", "team", str(ROOT), "-n", team, "-f", "-", "--skip-crds", "--wait", "--timeout", "240s",
         stdin=json.dumps(given))  # fmt: skip
    assert not list_all("clusterroles,clusterrolebindings", selector="app.kubernetes.io/name=modelbundle-operator")
    apply(cpu_bundle(store, "ours"), endpoint("ours"), namespace=team)
    apply(cpu_bundle(store, "theirs"), namespace=namespace)
    wait_ready("ours", team)
    wait_for("the endpoint", lambda: condition(get("mep", "stable", team), "Ready").get("status") == "True", 60)
    assert from_host("stable", team, {"x": 2, "y": "abc"}).value == 7
    kubectl("delete", "deployment", "ours", namespace=team)
    wait_for("the Deployment to come back", lambda: get("deployment", "ours", team), 60)
    assert get("deployment", "theirs", namespace) is None
    assert (get("modelbundle", "theirs", namespace) or {})["status"] == {"observedGeneration": -1}, (
        "nobody looked at it"
    )
    account = f"--as=system:serviceaccount:{team}:modelbundle-operator"
    assert kubectl("auth", "can-i", "list", "pods", account, namespace=team).strip() == "yes"
    with pytest.raises(KubectlError):
        kubectl("auth", "can-i", "list", "pods", account, namespace=namespace)
    log = operator_logs(team)
    assert ": 403: " not in log  # the number alone may be a part of a time or a digest
    assert "orbidden" not in log
    helm("uninstall", "team", "-n", team, "--wait")


def _crd(name: str) -> Manifest:
    found = get("crd", name)
    assert found is not None
    return found


def _version(name: str) -> Manifest:
    (version,) = _crd(name)["spec"]["versions"]
    return dict(version)


def _operators(seen: dict[str, Manifest]) -> dict[str, Manifest]:
    """The operator's pods by uid, those seen before too, as they were then."""
    return {**seen, **{pod["metadata"]["uid"]: pod for pod in operator_pods()}}


def _pods(name: str, namespace: str) -> dict[str, tuple[str, int]]:
    def restarts(pod: Manifest) -> int:
        status = pod["status"]
        return sum(c["restartCount"] for c in status["containerStatuses"] + status["initContainerStatuses"])

    pods = list_all("pods", namespace, f"modelbundle.dev/bundle={name}")
    return {pod["metadata"]["name"]: (pod["metadata"]["uid"], restarts(pod)) for pod in pods}


def _pull_policies(name: str, namespace: str) -> set[str]:
    spec = (get("deployment", name, namespace) or {})["spec"]["template"]["spec"]
    return {container["imagePullPolicy"] for container in spec["initContainers"] + spec["containers"]}
