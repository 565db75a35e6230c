"""What a backup tool has put back, children first and all with new uids, is adopted as it is: no pod is restarted."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.operator.field_ownership import fields_of, owned
from tests.operator.town import KEY as ENDPOINT
from tests.operator.town import Town, endpoint
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]
CHILDREN = ("ConfigMap", "Service", "Deployment")
MARK = {"velero.io/restore-name": "backup-1"}


def restored(body: Body, owners: bool) -> Body:
    """Names, labels, annotations and content are as they were; whose it was is, at most, an uid that is no more."""
    names = ("name", "namespace", "annotations", *(["ownerReferences"] if owners else []))
    metadata = {name: body["metadata"][name] for name in names if name in body["metadata"]}
    made = copy.deepcopy({name: value for name, value in body.items() if name not in ("metadata", "status")})
    made["metadata"] = {**metadata, "labels": {**body["metadata"]["labels"], **MARK}}
    made["metadata"]["managedFields"] = [
        {"manager": "velero-server", "operation": "Update", "fieldsV1": fields_of(owned(made))}
    ]
    return made


async def test_children_without_an_owner_are_adopted_and_their_pods_stay(served: World) -> None:
    after = World()
    for kind in CHILDREN:
        after.cluster.put(restored(served.cluster.objects[kind, *KEY.place], owners=False))
    template = after.cluster.objects["Deployment", *KEY.place]["spec"]["template"]
    bundle = model_bundle()
    bundle["metadata"]["uid"] = "uid-after-the-restore"
    after.cluster.put(bundle)
    for _ in range(3):
        await after.look()
    after.rolled_out(serving_pod())
    await after.look()
    assert after.ready() == ("True", "Serving")
    for kind in CHILDREN:
        metadata = after.cluster.objects[kind, *KEY.place]["metadata"]
        assert [owner["uid"] for owner in metadata["ownerReferences"]] == ["uid-after-the-restore"]
        assert metadata["labels"].items() >= MARK.items()
        assert metadata["generation"] == 1, f"the {kind} is as it was"
    assert after.cluster.objects["Deployment", *KEY.place]["spec"]["template"] == template
    assert after.status()["digest"] == served.status()["digest"]
    await after.at_rest()


@pytest.mark.parametrize("owners", [False, True], ids=["no owner", "an owner that is no more"])
async def test_an_endpoint_s_service_leads_where_it_led(town: Town, owners: bool) -> None:
    service = restored(town.service(), owners)
    after = Town(service)
    after.bundle("v1")
    after.cluster.put(endpoint("v1"))
    if owners:
        service["metadata"]["ownerReferences"][0]["uid"] = "uid-that-is-no-more"
        after.cluster.put(service)
        after.cluster.delete("Service", ENDPOINT)  # the garbage collector comes first
    await after.look()
    after.follow()
    await after.look()
    assert (after.points_at(), after.answers(), after.said()) == ("v1", "v1", ("True", "Serving"))
    await after.at_rest()
