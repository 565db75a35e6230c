"""Requirements are installed once for a namespace: by a Job, for every pod and clone that comes after it.

The project that is required is withdrawn from the index as soon as the layer is there, so a pod that serves after that
has installed nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from bundle_spec.startup import parts_of
from tests.cluster.bundles import wait_ready
from tests.cluster.index_project import Project, needs_local_index
from tests.cluster.layers import (
    FROM_LAYER,
    INSTALLED,
    imported_from,
    installs_of,
    is_in_the_store,
    jobs_made,
    key_of_config_map,
    layer_of,
    next_pods,
    of_requirements,
    pods_of,
    report_of,
    requiring,
    state_of,
    stores_begun,
)
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.test_clones import clone
from tools.testkit.kubectl import Manifest, apply, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = needs_local_index
GPU: Manifest = {"gpu": {"count": 1}}
TWO: Manifest = {"replicas": 2}
CLONES = 20
# of a clone that is one of many on a small node
SLIM: Manifest = {"serverResources": {"cpu": "10m"}}


def test_a_bundle_with_a_gpu_its_next_pods_and_its_replica_have_one_install(
    operator: object, namespace: str, store: Store, project: Project, show: Callable[[str], None]
) -> None:
    apply(requiring(store, "first", project.name, GPU), namespace=namespace)
    status = wait_ready("first", namespace, 300)["status"]
    project.withdraw()
    layer = layer_of("first", namespace)
    assert set(layer) == {"inputs", "digest", "sha256", "uri", "bytes"}
    assert is_in_the_store(layer, store)
    told = {name: value for name, value in layer.items() if name != "inputs"}
    assert key_of_config_map("first", namespace) == told
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    assert imported_from("first", namespace).startswith(FROM_LAYER)
    assert installs_of("first", namespace) == [layer["digest"]]
    assert layer["digest"] in of_requirements("first", namespace)
    startup = status["startup"]
    assert sum(parts_of(startup).values()) == startup["ready"]
    assert status["requirements"]["count"] == 1, "the list is that of the layer"

    kubectl("scale", "mbun", "first", "--replicas=2", namespace=namespace)
    wait_for("two pods", lambda: len(pods_of("first", namespace)) == 2, 60)
    ready = "--for=jsonpath={.status.readyReplicas}=2"
    kubectl("wait", ready, "deployment/first", "--timeout=240s", namespace=namespace, timeout=250)
    next_pods("first", namespace)
    assert installs_of("first", namespace) == [layer["digest"]] * 2
    assert imported_from("first", namespace).startswith(FROM_LAYER)
    assert layer_of("first", namespace) == layer
    (pod, _) = pods_of("first", namespace)
    seconds = report_of(pod, "prepare")["seconds"]
    show(f"a layer of {layer['bytes']} bytes: made with the Job in {startup['check']:.0f} s, in a pod after {seconds}")
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    wait_for("no Job to be left", lambda: not list_all("jobs", namespace), 60)
    changes_nothing_more(namespace, state_of)


@pytest.mark.exclusive  # twenty pods at once are what a small node holds
def test_many_clones_at_once_share_one_job_and_its_layer(
    operator: object, namespace: str, store: Store, project: Project, show: Callable[[str], None]
) -> None:
    """The base has one replica and no GPU, so it makes none itself."""
    apply(requiring(store, "base", project.name, SLIM), namespace=namespace)
    wait_ready("base", namespace, 300)
    assert imported_from("base", namespace).startswith(INSTALLED)
    assert (jobs_made(namespace), layer_of("base", namespace)) == (0, {})

    names = [f"clone-{number}" for number in range(CLONES)]
    began = time.monotonic()
    apply(*(clone(name, "base", appConfig={"of": name}, serving=SLIM) for name in names), namespace=namespace)
    wait_for("the layer", lambda: any(layer_of(name, namespace) for name in names), 240)
    project.withdraw()
    for name in names:
        wait_ready(name, namespace, 600)
    show(f"{CLONES} clones at once: one Job, all of them from its layer, Ready after {time.monotonic() - began:.0f} s")
    layers = [layer_of(name, namespace) for name in names]
    assert layers == [layers[0]] * CLONES
    assert [installs_of(name, namespace) for name in names] == [[layers[0]["digest"]]] * CLONES
    assert imported_from(names[-1], namespace).startswith(FROM_LAYER)
    assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
    changes_nothing_more(namespace, state_of)


def test_a_layer_is_its_namespaces_alone_and_a_single_replica_makes_none_but_uses_it(
    operator: object, make_namespace: Callable[..., str], namespace: str, store: Store, project: Project
) -> None:
    other = make_namespace("other-layers")
    apply(requiring(store, "two", project.name, TWO), namespace=namespace)
    wait_ready("two", namespace, 300)
    layer = layer_of("two", namespace)
    assert installs_of("two", namespace) == [layer["digest"]] * 2

    for place in (namespace, other):
        apply(requiring(store, "single", project.name), namespace=place)
        wait_ready("single", place, 300)
    assert imported_from("single", namespace).startswith(FROM_LAYER)
    assert layer_of("single", namespace) == layer
    assert imported_from("single", other).startswith(INSTALLED)
    assert layer_of("single", other) == key_of_config_map("single", other) == {}
    assert (jobs_made(namespace), jobs_made(other)) == (1, 0)

    # the same content has the same name everywhere, and is made by each for itself
    apply(requiring(store, "two", project.name, TWO), namespace=other)
    wait_ready("two", other, 300)
    assert layer_of("two", other)["digest"] == layer["digest"]
    assert (jobs_made(other), stores_begun(other)) == (1, 1)
    for place in (namespace, other):
        changes_nothing_more(place, state_of)
    kubectl("delete", "namespace", other, "--wait=false")
