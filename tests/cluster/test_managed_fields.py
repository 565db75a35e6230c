"""Who owns what is noted in few words, whatever stands in a free-form field: else each write of anything costs seconds.

Per key of a map that is not owned whole, managedFields have an entry, which the API server reads, merges and writes
again at every write of the object, be it of a status.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator

import pytest

from tests.cluster.crd_api import Object, Server, fresh_namespace
from tests.cluster.hostile import costly

pytestmark = pytest.mark.cluster

APPLY = "application/apply-patch+yaml"
# of a bundle that fills every field with little
FEW_BYTES = 4096


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_namespace("managed-fields") as server:
        yield server


COSTLY = [json.loads(text) for text in costly(4).manifests]


@pytest.mark.parametrize("manifest", COSTLY, ids=["schema", "wide", "deep", "deeper"])
def test_the_costliest_content_is_owned_in_few_words(
    server: Server, manifest: Object, show: Callable[[str], None]
) -> None:
    name = manifest["metadata"]["name"]
    assert server.server_side_apply(name, manifest).accepted
    status = {"observedGeneration": 1}
    body = {key: manifest[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": name}, "status": status}
    began = time.monotonic()
    code, found = server.request("PATCH", f"{name}/status", body, APPLY, "fieldManager=test&force=true")
    took = time.monotonic() - began
    assert code == 200, found
    fields = len(json.dumps(found["metadata"]["managedFields"]))
    show(f"{name}: managedFields of {fields} bytes, the spec {len(json.dumps(found['spec']))}; status {took:.2f} s")
    assert fields < FEW_BYTES
    assert server.get(name)["spec"]["bundle"] == manifest["spec"]["bundle"]
    assert server.server_side_apply(name, manifest).accepted, "the same once more is no edit"
    edited = copy.deepcopy(manifest)
    field = next(key for key in ("requestSchema", "appConfig") if key in edited["spec"]["bundle"])
    edited["spec"]["bundle"][field] = {}
    assert server.server_side_apply(name, edited).refused
    server.delete(name)
