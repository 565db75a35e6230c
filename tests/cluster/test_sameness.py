"""What runs is compared with what ran first: a tag that stands for another image, an index with another version."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tests.cluster.index_project import Project
from tests.cluster.moved_tag import Tag
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, kubectl, list_all, wait_for
from tools.testkit.store import Store

pytestmark = pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="moves a tag and an index of the local cluster")


@pytest.fixture
def tag(operator: object, tmp_path: Path) -> Iterator[Tag]:
    tag = Tag(tmp_path)
    yield tag
    tag.remove()


@pytest.fixture
def project() -> Iterator[Project]:
    project = Project()
    yield project
    project.withdraw()


def test_a_tag_and_an_index_that_moved_are_said_and_the_bundle_serves_on(
    tag: Tag,
    project: Project,
    namespace: str,
    store: Store,
    show: Callable[[str], None],
    keep: Callable[[str, Manifest], None],
) -> None:
    started = time.monotonic()
    tag.is_first()
    bundle = cpu_bundle(store, "moved", requirements=[project.publish("1.0")], envParams=tag.env_params)
    apply(bundle, namespace=namespace)
    first = wait_ready("moved", namespace)
    assert condition(first, "Reproducible")["reason"] == "Unchanged"
    ran, listed = first["status"]["imageID"], first["status"]["requirements"]
    assert listed["count"] == 1

    tag.is_relabelled()
    next_pod(namespace)
    moved = wait_condition("moved", namespace, "Reproducible", "False", "ImageMoved")
    said = condition(moved, "Reproducible")["message"]
    other = image_of_the_pod(namespace)
    assert other != ran
    assert ran in said
    assert other in said

    tag.is_first()
    project.publish("1.1")
    next_pod(namespace)
    moved = wait_condition("moved", namespace, "Reproducible", "False", "RequirementsMoved")
    assert listed["digest"] in condition(moved, "Reproducible")["message"]
    keep("requirements-moved", wait_ready("moved", namespace))
    serving = wait_ready("moved", namespace)["status"]
    assert (serving["imageID"], serving["requirements"]) == (ran, listed), "what ran first stays on record"
    assert image_of_the_pod(namespace) == ran
    answer = from_host("moved", namespace, {"x": 2, "y": "abc"})
    assert (answer.value, answer.digest) == (7, first["status"]["digest"])
    wait_for("both events", lambda: {"ImageMoved", "RequirementsMoved"} <= events(namespace), 60)
    show(f"a moved tag and a moved index, each said of the next pod: {time.monotonic() - started:.1f} s in all")


def next_pod(namespace: str) -> None:
    """The only pod makes room for its successor, which is started at once."""
    old: set[str] = {pod["metadata"]["name"] for pod in pods(namespace)}
    kubectl("delete", "pod", *old, "--wait=false", "--grace-period=1", namespace=namespace)
    wait_for("another pod", lambda: {pod["metadata"]["name"] for pod in pods(namespace)}.isdisjoint(old), 120)


def events(namespace: str) -> set[str]:
    """Their reasons."""
    return set(kubectl("get", "events", "-o", "jsonpath={.items[*].reason}", namespace=namespace).split())


def image_of_the_pod(namespace: str) -> str:
    (pod,) = pods(namespace)
    return str(pod["status"]["containerStatuses"][0]["imageID"])


def pods(namespace: str) -> list[dict[str, Any]]:
    return list_all("pods", namespace, "modelbundle.dev/bundle=moved")
