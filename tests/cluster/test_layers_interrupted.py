"""The Job that installs once is interrupted while it installs: evicted, deleted, called off, out of disk, or left by
its index or its store in the middle. Each ends in words, or in the layer that it would have made undisturbed."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest

from tests.cluster.bundles import wait_condition, wait_ready
from tests.cluster.index_project import needs_local_index
from tests.cluster.layers import (
    FROM_LAYER,
    INSTALLED,
    imported_from,
    is_in_the_store,
    jobs_made,
    layer_of,
    of_requirements,
    pods_of,
    requiring,
    state_of,
    stores_begun,
)
from tests.cluster.one_more_look import changes_nothing_more
from tests.cluster.test_clones import clone
from tools.testkit.kubectl import Manifest, apply, condition, get, kubectl, list_all, wait_for
from tools.testkit.only_way import towards
from tools.testkit.place import ROOT, Place
from tools.testkit.soak import in_soak
from tools.testkit.store import Store
from tools.testkit.unwritable_store import UnwritableStore, lose
from tools.testkit.wheel_server import WheelServer

pytestmark = needs_local_index  # what the wheels come from listens on this machine
slow = in_soak("waits for retries of a minute")
GPU: Manifest = {"gpu": {"count": 1}}
TWO: Manifest = {"replicas": 2}
MIB = 1 << 20
Serves = Callable[..., WheelServer]


@pytest.fixture
def wheels(place: Place) -> Iterator[Serves]:
    """Makes servers of a wheel that pods reach."""
    made: list[WheelServer] = []
    address = towards(str(urlsplit(place.s3_endpoint).hostname))

    def serve(size: int = MIB) -> WheelServer:
        made.append(WheelServer(f"project{uuid.uuid4().hex[:8]}", address, size))
        return made[-1]

    yield serve
    for each in made:
        each.close()


def of(server: WheelServer, store: Store, name: str, serving: Manifest, **more: object) -> Manifest:
    body = requiring(store, name, server.name, serving, **more)
    body["spec"]["bundle"]["requirements"] = [server.entry]
    return body


def installing(server: WheelServer, namespace: str) -> Manifest:
    """The pod of the Job, once the wheel has come halfway."""
    wait_for("the wheel to come halfway", server.halfway.is_set, 180)
    return wait_for("the Job's pod", lambda: next(iter(pods_of_jobs(namespace)), None), 60)


def pods_of_jobs(namespace: str) -> list[Manifest]:
    found = list_all("pods", namespace, "batch.kubernetes.io/job-name")
    return [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]


def job(namespace: str) -> str:
    (found,) = list_all("jobs", namespace)
    return str(found["metadata"]["name"])


def another(pod: Manifest, namespace: str) -> bool:
    uids = {each["metadata"]["uid"] for each in pods_of_jobs(namespace)}
    return bool(uids - {pod["metadata"]["uid"]})


def evict(pod: Manifest, namespace: str) -> None:
    name = pod["metadata"]["name"]
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{name}/eviction"
    kubectl("create", "--raw", path, "-f", "-", stdin=json.dumps(body))


def logs(name: str, namespace: str) -> str:
    command = [sys.executable, "-m", "launch.cli", "logs", name, "--build", "-n", namespace]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


def install_speaks(name: str, namespace: str) -> bool:
    """Its line may come a moment after what it does."""
    return "install: " in logs(name, namespace)


def test_one_that_is_evicted_deleted_or_called_off_is_made_again(
    operator: object, namespace: str, store: Store, wheels: Serves
) -> None:
    server = wheels()
    server.hold()
    apply(of(server, store, "one", GPU), namespace=namespace)
    pod = installing(server, namespace)
    apply(clone("two", "one", appConfig={"n": 1}, serving={**GPU, "replicas": 1}), namespace=namespace)
    name = job(namespace)
    waits = wait_condition("two", namespace, "Ready", "Unknown", "Progressing")
    wait_for("the clone to wait for it", partial(says, "two", namespace, name), 60)
    assert waits["status"].get("layer") is None
    for each in ("one", "two"):  # the Job is the first one's, and both are told of it
        assert "prepare: prepared " in logs(each, namespace)
        wait_for("what install says", partial(install_speaks, each, namespace), 60)

    evict(pod, namespace)
    wait_for("another pod of the Job", lambda: another(pod, namespace), 120)
    assert job(namespace) == name
    pod = next(iter(pods_of_jobs(namespace)))

    kubectl("delete", "job", name, namespace=namespace)
    wait_for("another Job", lambda: another(pod, namespace), 120)
    assert job(namespace) == name, "of one hash"

    for each in ("one", "two"):
        kubectl("scale", "mbun", each, "--replicas=0", namespace=namespace)
    wait_for("the Job to go", lambda: not list_all("jobs", namespace), 60)
    wait_for("its pod to go", lambda: not list_all("pods", namespace), 60)
    wait_ready("one", namespace)
    server.go_on()
    for each in ("one", "two"):
        kubectl("scale", "mbun", each, "--replicas=1", namespace=namespace)
        wait_ready(each, namespace, 300)
        assert imported_from(each, namespace).startswith(FROM_LAYER)
    assert is_in_the_store(layer_of("one", namespace), store)
    assert layer_of("two", namespace) == layer_of("one", namespace)
    assert stores_begun(namespace) == 1
    # one each time, and one more where the clone still wanted it as the first one had been called off
    assert jobs_made(namespace) in (3, 4)
    changes_nothing_more(namespace, state_of)


def says(bundle: str, namespace: str, words: str) -> bool:
    return words in str(condition(get("mbun", bundle, namespace), "Ready").get("message"))


@slow
def test_an_index_that_goes_away_in_the_middle_is_said_and_the_next_try_has_it(
    operator: object, namespace: str, store: Store, wheels: Serves
) -> None:
    server = wheels()
    server.cuts = True
    apply(of(server, store, "with-gpu", GPU), namespace=namespace)
    found = wait_condition("with-gpu", namespace, "Ready", "False", "IndexUnreachable", timeout=300)
    assert server.entry.partition("://")[2].partition("/")[0] in condition(found, "Ready")["message"]
    assert get("deployment", "with-gpu", namespace) is None
    assert layer_of("with-gpu", namespace) == {}
    wait_for("no GPU to be taken", lambda: says("with-gpu", namespace, "No GPU was taken for it"), 300)

    server.cuts = False
    token = '{"spec": {"serving": {"rollout": {"token": "now"}}}}'
    kubectl("patch", "mbun", "with-gpu", "--type=merge", "-p", token, namespace=namespace)
    wait_ready("with-gpu", namespace, 300)
    assert imported_from("with-gpu", namespace).startswith(FROM_LAYER)
    assert is_in_the_store(layer_of("with-gpu", namespace), store)
    changes_nothing_more(namespace, state_of)


@slow
def test_one_that_fills_its_disk_takes_no_gpu_and_says_which_size_to_raise(
    operator: object, namespace: str, store: Store, wheels: Serves
) -> None:
    server = wheels(size=48 * MIB)
    server.hold()
    small: Manifest = {"sizeLimits": {"requirements": "4Mi"}}
    apply(of(server, store, "with-gpu", {**GPU, **small}), namespace=namespace)
    installing(server, namespace)
    found = wait_for("its size to be named", lambda: exceeded("with-gpu", namespace), 240)
    assert get("deployment", "with-gpu", namespace) is None
    assert "sizeLimits" in found
    server.go_on()
    larger = '{"spec": {"serving": {"sizeLimits": {"requirements": "1Gi"}, "rollout": {"token": "larger"}}}}'
    kubectl("patch", "mbun", "with-gpu", "--type=merge", "-p", larger, namespace=namespace)
    wait_ready("with-gpu", namespace, 300)
    assert imported_from("with-gpu", namespace).startswith(FROM_LAYER)


def exceeded(bundle: str, namespace: str) -> str:
    message = str(condition(get("mbun", bundle, namespace), "Ready").get("message"))
    return message if "exceeds the limit" in message else ""


def test_a_store_that_goes_away_before_the_layer_is_put_there_leaves_a_bundle_that_installs(
    operator: object, namespace: str, store: Store, place: Place, wheels: Serves
) -> None:
    there = urlsplit(place.s3_endpoint)
    between = UnwritableStore(there.netloc, lose, towards(str(there.hostname)))
    try:
        keys = place.secret()
        keys["stringData"]["AWS_ENDPOINT_URL"] = between.url
        apply(keys, of(wheels(), store, "two", TWO), namespace=namespace)
        wait_ready("two", namespace, 300)
        assert imported_from("two", namespace).startswith(INSTALLED)
        assert layer_of("two", namespace) == {}
        assert "each pod installs itself" in of_requirements("two", namespace)
        assert any("/layers/" in asked for asked in between.writes)
        assert (jobs_made(namespace), stores_begun(namespace)) == (1, 1)
        assert len(pods_of("two", namespace)) == 2
        changes_nothing_more(namespace, state_of)
    finally:
        between.close()
