"""What runs is compared with what ran first: a tag that stands for another image, an index with another version."""

from __future__ import annotations

import hashlib
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.bundles import cpu_bundle, wait_condition, wait_ready
from tools.local_cluster import images, layouts, wheelhouse
from tools.local_cluster.place import here
from tools.testkit.call import from_host
from tools.testkit.kubectl import Manifest, apply, condition, kubectl, list_all, wait_for
from tools.testkit.package_index import wheel
from tools.testkit.store import Store

pytestmark = pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="moves a tag and an index of the local cluster")

REPOSITORY = "docker.io/stand-in/moved"


class Tag:
    """A tag of the test's own on the node: the stand-in for Python, or that image with another label."""

    def __init__(self, scratch: Path) -> None:
        self.name = uuid.uuid4().hex[:8]
        self._first = images.layout(next(image for image in images.all_images() if image.slug == "stand-in-python"))
        self._other = relabelled(self._first, scratch)

    def is_first(self) -> None:
        layouts.load(here(), self._first, f"{REPOSITORY}:{self.name}")

    def is_other(self) -> None:
        layouts.load(here(), self._other, f"{REPOSITORY}:{self.name}")


def relabelled(layout: Path, target: Path) -> Path:
    """The image of a layout with one more label: the same layers, another configuration, another digest."""
    blobs = target / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    for blob in layouts.blobs(layout):
        os.link(blob, blobs / blob.name)
    index = json.loads((layout / "index.json").read_text())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].removeprefix("sha256:")).read_text())
    config = json.loads((blobs / manifest["config"]["digest"].removeprefix("sha256:")).read_text())
    config.setdefault("config", {}).setdefault("Labels", {})["moved"] = target.name

    def written(document: object) -> dict[str, object]:
        data = json.dumps(document).encode()
        digest = hashlib.sha256(data).hexdigest()
        (blobs / digest).write_bytes(data)
        return {"digest": f"sha256:{digest}", "size": len(data)}

    manifest["config"] |= written(config)
    index["manifests"][0] |= written(manifest)
    (target / "index.json").write_text(json.dumps(index))
    return target


@pytest.fixture
def tag(operator: object, tmp_path: Path) -> Iterator[Tag]:
    tag = Tag(tmp_path / uuid.uuid4().hex)
    yield tag
    layouts.ctr(here(), "images", "rm", f"{REPOSITORY}:{tag.name}")


@pytest.fixture
def release() -> Iterator[Callable[[str], str]]:
    """Puts a version of a project of the test's own into the index, and says the project's name."""
    project, made = f"moved{uuid.uuid4().hex[:8]}", []

    def put(version: str) -> str:
        made.append(wheel(wheelhouse.build(), project, version))
        return project

    yield put
    for path in made:
        path.unlink()


def test_a_tag_and_an_index_that_moved_are_said_and_the_bundle_serves_on(
    tag: Tag,
    release: Callable[[str], str],
    namespace: str,
    store: Store,
    show: Callable[[str], None],
    keep: Callable[[str, Manifest], None],
) -> None:
    started = time.monotonic()
    tag.is_first()
    image = {"repository": REPOSITORY, "tag": tag.name}
    bundle = cpu_bundle(
        store, "moved", requirements=[release("1.0")],
        envParams={"frameworkType": "custom_base_image", "customBaseImage": image},
    )  # fmt: skip
    apply(bundle, namespace=namespace)
    first = wait_ready("moved", namespace)
    assert condition(first, "Reproducible")["reason"] == "Unchanged"
    ran, listed = first["status"]["imageID"], first["status"]["requirements"]
    assert listed["count"] == 1

    tag.is_other()
    next_pod(namespace)
    moved = wait_condition("moved", namespace, "Reproducible", "False", "ImageMoved")
    said = condition(moved, "Reproducible")["message"]
    other = image_of_the_pod(namespace)
    assert other != ran
    assert ran in said
    assert other in said

    tag.is_first()
    release("1.1")
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
