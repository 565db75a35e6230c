"""The operator is killed, replaced by another version: no model notices, and nothing is left half done."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.another_version import replaceable
from tests.cluster.audit import AuditLog, about, counted
from tests.cluster.bundles import cpu_bundle, wait_ready
from tests.cluster.operator_pods import kill_operator
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, get, kubectl, list_all, wait_for
from tools.testkit.store import Store

GOAL = 9  # API calls of the operator from create to Ready
# Another version: this image with a rendering that adds an env, a probe and a label, put over it as it is imported.
OTHER_VERSION = """
from importlib import import_module

deployment = import_module("modelbundle_operator.render.deployment")
render = deployment.pod_template


def rendered_by_another_version(*arguments):
    template = render(*arguments)
    template["metadata"]["labels"]["modelbundle.dev/rendered-by"] = "another"
    worker = template["spec"]["containers"][0]
    worker["env"].append({"name": "ANOTHER_VERSION", "value": "1"})
    worker["readinessProbe"] = {"httpGet": {"path": "/readyz", "port": 8080}, "periodSeconds": 2}
    return template


deployment.pod_template = rendered_by_another_version
"""


@pytest.mark.exclusive  # a slow start is more calls
def test_calls_from_create_to_ready_are_few(
    operator: object, namespace: str, store: Store, audit: AuditLog, show: Callable[[str], None]
) -> None:
    manifest = cpu_bundle(store, "counted")
    audit.mark()
    started = time.monotonic()
    apply(manifest, namespace=namespace)
    bundle = wait_ready("counted", namespace)
    ready = time.monotonic() - started
    time.sleep(2)  # what comes right after Ready counts too
    calls = about(audit.calls(), namespace)
    show(f"the operator made {len(calls)} API calls from create to Ready (goal: at most {GOAL}): {counted(calls)}")
    show(f"apply to Ready {ready:.1f} s; phases by the pod's own reports: {bundle['status'].get('startup')}")
    assert 0 < len(calls) <= GOAL
    assert not [call for call in calls if call["responseStatus"]["code"] >= 400 and call["verb"] != "get"]


@pytest.mark.exclusive
def test_operator_killed_in_the_middle_of_a_create_ends_in_the_same_state(
    operator: object, namespace: str, store: Store
) -> None:
    """SIGKILL as soon as the first child exists; the operator that goes on ends where an undisturbed one does."""
    apply(cpu_bundle(store, "undisturbed"), namespace=namespace)
    wait_ready("undisturbed", namespace)
    manifest = cpu_bundle(store, "disturbed")
    apply(manifest, namespace=namespace)
    wait_for("the first child", lambda: get("configmap", "disturbed", namespace), 60)
    kill_operator()
    wait_ready("disturbed", namespace)
    wait_for("as undisturbed", lambda: _shape("disturbed", namespace) == _shape("undisturbed", namespace), 60)


@pytest.fixture
def another_version(operator: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Called, replaces the operator by one whose rendering differs; the right one is put back after the test."""
    with replaceable(operator) as replace:
        yield lambda: replace(OTHER_VERSION)


@pytest.mark.exclusive
def test_another_operator_version_restarts_no_model(
    another_version: Callable[[], None], namespace: str, store: Store
) -> None:
    apply(cpu_bundle(store, "steady"), namespace=namespace)
    wait_ready("steady", namespace)
    before, template = _pods("steady", namespace), _template("steady", namespace)

    another_version()
    apply(cpu_bundle(store, "newcomer"), namespace=namespace)
    wait_ready("newcomer", namespace)
    assert _is_another(_template("newcomer", namespace))  # the other version is at work, and renders differently
    assert _pods("steady", namespace) == before
    assert _template("steady", namespace) == template

    # a foreign edit is undone to the template that was applied, not to what this version would render
    edit = [{"op": "add", "path": "/spec/template/spec/containers/0/env/-", "value": {"name": "FOREIGN", "value": "1"}}]
    kubectl("patch", "deployment", "steady", "--type=json", "-p", json.dumps(edit), namespace=namespace)
    wait_for("the edit to be undone", lambda: _template("steady", namespace) == template, 60)

    # and the user's own word brings the new rendering
    token = {"spec": {"serving": {"rollout": {"token": "now"}}}}
    kubectl("patch", "modelbundle", "steady", "--type=merge", "-p", json.dumps(token), namespace=namespace)
    wait_for("the new rendering", lambda: _is_another(_template("steady", namespace)), 60)
    wait_ready("steady", namespace)
    assert from_host("steady", namespace, {"x": 2, "y": "abc"}).value == 7


def test_scale_subresource_scales_the_bundle(operator: object, namespace: str, store: Store) -> None:
    apply(cpu_bundle(store, "scaled"), namespace=namespace)
    wait_ready("scaled", namespace)
    kubectl("scale", "modelbundle/scaled", "--replicas=2", namespace=namespace)
    wait_for("two that answer", lambda: _status("scaled", namespace).get("readyReplicas") == 2, 180)
    wait_ready("scaled", namespace)
    selector = _status("scaled", namespace)["selector"]
    assert len(list_all("pods", namespace, selector)) == 2
    kubectl("scale", "modelbundle/scaled", "--replicas=0", namespace=namespace)
    wait_for("the pods to go", lambda: not list_all("pods", namespace, selector), 120)
    stored = wait_ready("scaled", namespace)
    reasons = {found["type"]: found["reason"] for found in stored["status"]["conditions"]}
    assert reasons["Ready"] == "Stored"


def _pods(name: str, namespace: str) -> dict[str, tuple[str, int]]:
    def restarts(pod: Manifest) -> int:
        status = pod["status"]
        return sum(c["restartCount"] for c in status["containerStatuses"] + status["initContainerStatuses"])

    pods = list_all("pods", namespace, f"modelbundle.dev/bundle={name}")
    return {pod["metadata"]["name"]: (pod["metadata"]["uid"], restarts(pod)) for pod in pods}


def _template(name: str, namespace: str) -> Manifest:
    deployment = get("deployment", name, namespace)
    assert deployment is not None
    return dict(deployment["spec"]["template"])


def _is_another(template: Manifest) -> bool:
    worker = template["spec"]["containers"][0]
    added = {"name": "ANOTHER_VERSION", "value": "1"} in worker["env"]
    return added and "readinessProbe" in worker and "modelbundle.dev/rendered-by" in template["metadata"]["labels"]


def _status(name: str, namespace: str) -> dict[str, Any]:
    return dict((get("modelbundle", name, namespace) or {}).get("status") or {})


def _shape(name: str, namespace: str) -> Any:
    """Everything about a bundle and its children that should not depend on its history."""
    status = _status(name, namespace)
    conditions = sorted((c["type"], c["status"], c["reason"]) for c in status["conditions"])
    children = {
        child: sorted((get(child, name, namespace) or {}).get("metadata", {}).get("labels", {}))
        for child in ("configmap", "service", "deployment")
    }
    template = json.loads(json.dumps(_template(name, namespace)["spec"]).replace(name, "NAME"))
    for container in template["initContainers"] + template["containers"]:
        container["env"] = [e for e in container.get("env", []) if e["name"] != "MODELBUNDLE_DIGEST"]
        if container["name"] == "prepare":
            container.pop("command")  # holds the artifact's URI
    return conditions, status["replicas"], status["readyReplicas"], children, template
