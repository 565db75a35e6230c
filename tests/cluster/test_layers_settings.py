"""Layers under what an operator and a cluster are given: switched off, no Job admitted, Deployments of before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.cluster.another_version import replaceable
from tests.cluster.bundles import wait_condition, wait_ready
from tests.cluster.conftest import SETTINGS
from tests.cluster.index_project import Project, needs_local_index, published
from tests.cluster.layers import (
    FROM_LAYER,
    INSTALLED,
    imported_from,
    installs_of,
    jobs_made,
    key_of_config_map,
    layer_of,
    next_pods,
    of_requirements,
    pods_of,
    requiring,
    state_of,
    stores_begun,
)
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.operator_pods import leader
from tests.cluster.test_clones import clone
from tools.testkit.install import install
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, wait_for
from tools.testkit.place import Place
from tools.testkit.store import Store

pytestmark = [
    pytest.mark.exclusive,  # the operator is installed with other settings
    needs_local_index,
]
GPU: Manifest = {"gpu": {"count": 1}}
TWO: Manifest = {"replicas": 2}
# A version that knows of no layers: pods without the volume, and no Job but for a GPU.
OLDER_VERSION = """
import os
from importlib import import_module

os.environ["MODELBUNDLE_LAYERS"] = "false"
deployment = import_module("modelbundle_operator.render.deployment")
render = deployment.pod_template


def rendered_by_an_older_version(*arguments):
    template = render(*arguments)
    annotations, spec = template["metadata"]["annotations"], template["spec"]
    for name, value in annotations.items():
        annotations[name] = ",".join(part for part in value.split(",") if part != "layer")
    spec["volumes"] = [each for each in spec["volumes"] if each["name"] != "layer"]
    for container in spec["initContainers"] + spec["containers"]:
        container["volumeMounts"] = [each for each in container["volumeMounts"] if each["name"] != "layer"]
    return template


deployment.pod_template = rendered_by_an_older_version
"""


@pytest.fixture
def other_project() -> Iterator[Project]:
    """So that two bundles want two layers."""
    with published() as project:
        yield project


@pytest.fixture
def without_layers(operator: Callable[[], None], place: Place) -> Iterator[Callable[[], None]]:
    """Called, switches them off; they are on again after the test."""

    def switch_off() -> None:
        install(place, **SETTINGS, layers=False)
        leader()  # not one that is on its way out

    yield switch_off
    operator()


def test_switched_off_pods_install_for_themselves(
    without_layers: Callable[[], None], namespace: str, store: Store, project: Project
) -> None:
    apply(requiring(store, "two", project.name, TWO), namespace=namespace)
    wait_ready("two", namespace, 300)
    assert imported_from("two", namespace).startswith(FROM_LAYER)

    without_layers()
    before = {pod["metadata"]["uid"] for pod in pods_of("two", namespace)}
    apply(
        clone("copy", "two", appConfig={"n": 1}),
        requiring(store, "with-gpu", project.name, GPU),
        namespace=namespace,
    )
    for name in ("copy", "with-gpu"):
        wait_ready(name, namespace, 300)
        assert imported_from(name, namespace).startswith(INSTALLED)
        assert layer_of(name, namespace) == key_of_config_map(name, namespace) == {}
    # the Job of the GPU's bundle is as it was before there were layers
    assert (jobs_made(namespace), stores_begun(namespace)) == (2, 1)
    assert {pod["metadata"]["uid"] for pod in pods_of("two", namespace)} == before
    next_pods("two", namespace)
    assert imported_from("two", namespace).startswith(INSTALLED)
    assert installs_of("two", namespace) == ["", ""]
    changes_nothing_more(namespace, state_of)


def test_where_no_job_is_admitted_a_gpu_waits_and_a_bundle_without_one_starts(
    operator: object, namespace: str, store: Store, project: Project, other_project: Project
) -> None:
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-jobs"}}
    apply({**quota, "spec": {"hard": {"count/jobs.batch": "0"}}}, namespace=namespace)
    wait_for("the quota", lambda: (get("resourcequota", "no-jobs", namespace) or {}).get("status", {}).get("hard"), 60)
    apply(
        requiring(store, "two", project.name, TWO),
        requiring(store, "with-gpu", other_project.name, GPU),
        namespace=namespace,
    )
    refused = wait_condition("with-gpu", namespace, "Ready", "False", "ApplyRefused")
    assert "Raise the ResourceQuota no-jobs" in condition(refused, "Ready")["message"]
    wait_ready("two", namespace, 300)
    assert imported_from("two", namespace).startswith(INSTALLED)
    assert "no-jobs" in of_requirements("two", namespace)
    assert layer_of("two", namespace) == {}

    kubectl("delete", "resourcequota", "no-jobs", namespace=namespace)
    wait_ready("with-gpu", namespace, 300)
    assert imported_from("with-gpu", namespace).startswith(FROM_LAYER)
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    changes_nothing_more(namespace, state_of)


def test_a_deployment_of_before_keeps_its_template_and_its_pods_install_for_themselves(
    operator: Callable[[], None], namespace: str, store: Store, project: Project
) -> None:
    with replaceable(operator) as replace:
        replace(OLDER_VERSION)
        apply(requiring(store, "before", project.name), namespace=namespace)
        wait_ready("before", namespace, 300)
        template, pods = _template(namespace), pods_of("before", namespace)
        assert not [each for each in template["spec"]["volumes"] if each["name"] == "layer"]

    apply(clone("after", "before", appConfig={"n": 1}), namespace=namespace)
    wait_ready("after", namespace, 300)
    assert imported_from("after", namespace).startswith(FROM_LAYER)
    assert _template(namespace) == template
    assert [pod["metadata"]["uid"] for pod in pods_of("before", namespace)] == [pods[0]["metadata"]["uid"]]
    changes_nothing_more(namespace, state_of)

    next_pods("before", namespace)
    assert _template(namespace) == template
    assert imported_from("before", namespace).startswith(INSTALLED)
    assert installs_of("before", namespace) == [""]

    project.withdraw()
    token = '{"spec": {"serving": {"rollout": {"token": "with-layers"}}}}'
    kubectl("patch", "mbun", "before", "--type=merge", "-p", token, namespace=namespace)
    wait_for("a pod of the new template", lambda: installs_of("before", namespace) == [_digest(namespace)], 240)
    # the one before it answers until its endpoint is gone
    wait_for("its answer", lambda: imported_from("before", namespace).startswith(FROM_LAYER), 60)
    wait_ready("before", namespace)
    changes_nothing_more(namespace, state_of)


def _template(namespace: str) -> Manifest:
    return dict((get("deployment", "before", namespace) or {})["spec"]["template"])


def _digest(namespace: str) -> str:
    return str(layer_of("after", namespace)["digest"])
