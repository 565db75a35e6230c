"""What a resync reads over HTTP: the metadata of what carries our label, and in full what is wanted and new alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from modelbundle_operator.api.names import LABEL_BUNDLE, LABEL_MANAGED_BY, MANAGED_BY
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.client import KubernetesClient
from modelbundle_operator.kube.needed import WHOLE_PAGE_BYTES_MAX
from modelbundle_operator.kube.pages import OBJECTS_MAX
from modelbundle_operator.kube.resync import Resync
from modelbundle_operator.loop.key import Key

from tests.operator.fake_api import FakeApi
from tests.operator.operator_process import write_kubeconfig
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]
LARGE = 100_000
KEY = Key("models", "llama")


class Town:
    """An API server, and an operator's cache of it."""

    def __init__(self, api: FakeApi, cluster: KubernetesClient, received: Counter[str]) -> None:
        self.api, self.received = api, received
        self.cache, self.woken = ObjectCache(), list[Key]()
        self._resync = Resync(cluster, self.cache, self.woken.append, 300.0)

    async def resync(self) -> Counter[str]:
        """Bytes read by it, by kind."""
        self.received.clear()
        self.api.requests.clear()
        await self._resync.once()
        return self.received

    def requests(self, plural: str) -> list[str]:
        """`metadata`, `page`, or an object's name."""
        found = [request for request in self.api.requests if f"/{plural}" in request.path]
        pages = {True: "metadata", False: "page"}
        return [
            pages["PartialObjectMetadataList" in request.accept]
            if request.path.endswith(plural)
            else request.path.rpartition("/")[2]
            for request in found
        ]


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    async with connected(FakeApi(), tmp_path, monkeypatch) as made:
        yield made


@asynccontextmanager
async def connected(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    received = Counter[str]()
    async with api.server() as server:
        monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path, server, "any")))
        cluster = await KubernetesClient.connect(received=lambda kind, size: received.update({kind: size}))
        yield Town(api, cluster, received)
        await cluster.close()


def child(kind: str, name: str, size: int, namespace: str = "models", *, of: str = "") -> Body:
    labels = {LABEL_MANAGED_BY: MANAGED_BY, LABEL_BUNDLE: name}
    owners = [{"kind": "ModelBundle", "controller": True, "uid": f"uid-of-{of}"}] if of else []
    metadata = {"name": name, "namespace": namespace, "labels": labels, "ownerReferences": owners}
    version = "apps/v1" if kind == "Deployment" else "v1"
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "data": {"x": "x" * size}}


def pod(name: str, bundle: str, size: int = 0) -> Body:
    body = serving_pod(name, bundle=bundle)
    del body["metadata"]["resourceVersion"]
    return {**body, "spec": {"x": "x" * size}}


@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "Deployment", "Pod"])
async def test_what_others_labelled_as_ours_is_never_read(town: Town, kind: str) -> None:
    town.api.cluster.put(model_bundle())
    for number in range(30):
        town.api.cluster.put(
            pod(f"x-{number}", "nobody's", LARGE) if kind == "Pod" else child(kind, f"x-{number}", LARGE)
        )
    for _ in range(2):
        assert (await town.resync())[kind] < LARGE
        assert town.requests(f"{kind.lower()}s") == ["metadata"]
        assert town.cache.sizes()[kind] == 0


@pytest.mark.parametrize("kind", ["ConfigMap", "Service", "Deployment", "Pod"])
async def test_what_is_ours_among_it_is_read_by_itself_and_once(town: Town, kind: str) -> None:
    town.api.cluster.put(model_bundle())
    ours = pod("llama", "llama") if kind == "Pod" else child(kind, "llama", 10, of="llama")
    town.api.cluster.put(ours)
    for number in range(30):
        town.api.cluster.put(child(kind, f"x-{number}", LARGE))
    plural = f"{kind.lower()}s"
    assert (await town.resync())[kind] < LARGE
    assert town.requests(plural) == ["metadata", "llama"]
    assert town.cache.sizes()[kind] == 1
    town.woken.clear()
    await town.resync()
    assert town.requests(plural) == ["metadata"], "its version is known"
    assert town.cache.sizes()[kind] == 1
    assert not town.woken
    town.api.cluster.put({**ours, "metadata": {**ours["metadata"], "uid": "of a successor"}})
    await town.resync()
    assert town.requests(plural) == ["metadata", "llama"]
    assert KEY in town.woken


async def test_the_bundles_are_read_at_once_at_first_and_then_those_alone_that_changed(town: Town) -> None:
    names = [f"b-{number:03}" for number in range(2 * OBJECTS_MAX + 10)]
    for name in names:
        town.api.cluster.put(model_bundle(name))
    await town.resync()
    assert town.requests("modelbundles") == ["page"] * 3
    assert {key.name for key in town.cache.keys()} == set(names)  # noqa: SIM118
    town.api.cluster.put(model_bundle("b-070"))
    town.woken.clear()
    await town.resync()
    assert town.requests("modelbundles") == ["metadata", "metadata", "b-070", "metadata"]
    assert town.woken == [Key("models", "b-070")]


async def test_where_most_is_ours_the_page_is_read_in_one_and_so_is_the_next(town: Town) -> None:
    names = [f"b-{number:03}" for number in range(2 * OBJECTS_MAX)]
    for name in names:
        town.api.cluster.put(model_bundle(name))
        town.api.cluster.put(child("Deployment", name, 10, of=name))
    for number in range(OBJECTS_MAX + 10):  # the last ones
        town.api.cluster.put(child("Deployment", f"x-{number:03}", LARGE))
    assert (await town.resync())["Deployment"] < (OBJECTS_MAX + 5) * LARGE, "one page of what is not ours"
    assert town.requests("deployments") == ["metadata", "page", "page", "page", "metadata"]
    assert town.cache.sizes()["Deployment"] == len(names)
    await town.resync()
    assert town.requests("deployments") == ["metadata"] * 4, "their versions are known"


async def test_a_page_that_is_too_large_to_be_read_at_once_is_read_by_its_metadata(town: Town) -> None:
    names = [f"b-{number:03}" for number in range(OBJECTS_MAX)]
    for name in names:
        town.api.cluster.put(model_bundle(name))
        town.api.cluster.put(child("ConfigMap", name, 10, of=name))
    for number in range(OBJECTS_MAX):
        town.api.cluster.put(child("ConfigMap", f"x-{number}", 2 * LARGE))
    assert (await town.resync())["ConfigMap"] < 1.1 * WHOLE_PAGE_BYTES_MAX
    assert town.requests("configmaps") == ["metadata", "page", "page", "metadata"]
    assert town.cache.sizes()["ConfigMap"] == len(names)


async def test_a_child_of_any_size_is_read_once(town: Town) -> None:
    """One of each name may be another's that names our bundle as its controller."""
    town.api.cluster.put(model_bundle())
    town.api.cluster.put(child("ConfigMap", "llama", LARGE, of="llama"))
    assert (await town.resync())["ConfigMap"] > LARGE
    assert (await town.resync())["ConfigMap"] < LARGE
    assert town.cache.knows("ConfigMap", KEY)


async def test_what_went_is_forgotten(town: Town) -> None:
    town.api.cluster.put(model_bundle())
    town.api.cluster.put(child("ConfigMap", "llama", 10, of="llama"))
    await town.resync()
    town.api.cluster.delete("ConfigMap", KEY)
    town.woken.clear()
    await town.resync()
    assert not town.cache.knows("ConfigMap", KEY)
    assert town.woken == [KEY]


async def test_an_object_that_cannot_be_taken_in_keeps_no_other_from_it(
    town: Town, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that is a bug, the fault is made here. Who writes such an object must not take the operator from others."""
    keep, wants = town.cache.keep, town.cache.wants

    def kept(kind: str, body: Body) -> object:
        assert body["metadata"]["name"] != "keep"
        return keep(kind, body)

    def wanted(kind: str, body: Body) -> bool:
        assert body["metadata"]["name"] != "want"
        return wants(kind, body)

    monkeypatch.setattr(town.cache, "keep", kept)
    monkeypatch.setattr(town.cache, "wants", wanted)
    town.api.cluster.put(model_bundle())
    town.api.cluster.put(model_bundle("keep"))
    for name in ("keep", "llama-1", "want"):
        town.api.cluster.put(pod(name, "llama", 10))
    await town.resync()
    assert town.cache.filled
    assert [key.name for key in town.cache.keys()] == ["llama"]  # noqa: SIM118
    assert [found.name for found in town.cache.pods(KEY)] == ["llama-1"]
    said = [record.getMessage() for record in caplog.records if "cannot be taken in" in record.getMessage()]
    assert said == [f"{each} cannot be taken in, it is left out"
                    for each in ("ModelBundle models/keep", "Pod models/want", "Pod models/keep")]  # fmt: skip
