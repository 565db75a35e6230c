"""A write is to what was seen: a decision that comes too late changes nothing, and the next one sees what there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from modelbundle_operator.api.names import LABEL_BUNDLE
from modelbundle_operator.errors import Conflict, Transient
from modelbundle_operator.reconcile.children import NameTaken
from modelbundle_operator.reconcile.ownership import is_half_applied, was_posted

from tests.operator.fake_cluster import Body, refused
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle

CHILDREN = ("ConfigMap", "Service", "Deployment")


async def test_a_child_that_another_operator_made_in_between_is_found_and_not_written() -> None:
    one = World(model_bundle())
    other = World(cluster=one.cluster)
    for each in (one, other):
        each.cluster.deliver(each.cache)
    create = one.cluster.create

    async def after_the_other_one(body: dict[str, object]) -> dict[str, object]:
        one.cluster.create = create  # type: ignore[method-assign]
        await other.reconcile(KEY)
        return await create(body)

    one.cluster.create = after_the_other_one  # type: ignore[method-assign]
    await one.reconcile(KEY)
    versions = _versions(one)
    await one.look()
    assert _versions(one) == versions
    assert all(one.cluster.calls["create", kind] == 1 + (kind == "Service") for kind in CHILDREN)
    await one.at_rest()


async def test_a_change_of_a_version_that_has_passed_is_decided_again(served: World) -> None:
    _scale(served, 2)
    served.cluster.set_status("Deployment", KEY, readyReplicas=1)  # and the watch has not brought it yet
    with pytest.raises(Conflict):
        await served.reconcile(KEY)
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 1
    await served.reconcile(KEY)
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 2
    await served.look()
    await served.at_rest()


async def test_a_child_that_went_in_between_is_made_again_by_the_next_look(served: World) -> None:
    _scale(served, 2)
    gone = served.cluster.delete("Deployment", KEY)
    with pytest.raises(Transient):
        await served.reconcile(KEY)
    assert ("Deployment", *KEY.place) not in served.cluster.objects, "a late write makes no object"
    served.cache.observe("Deployment", "DELETED", gone)
    await served.reconcile(KEY)
    assert served.cluster.objects["Deployment", *KEY.place]["spec"]["replicas"] == 2


@pytest.mark.parametrize("kind", CHILDREN)
async def test_an_orphan_that_a_policy_lets_nobody_write_without_its_owner_is_taken_back(
    served: World, kind: str
) -> None:
    """The PUT that joins what the POST and the apply own carries the object as it is."""
    _with_policy(served, lambda body: bool(body["metadata"]["ownerReferences"]))
    served.cluster.edit(kind, KEY, lambda body: body["metadata"].update(ownerReferences=[]))
    await served.look()
    live = served.cluster.objects[kind, *KEY.place]
    assert live["metadata"]["ownerReferences"]
    assert not was_posted(live)
    await served.look()
    await served.at_rest()


@pytest.mark.parametrize("kind", CHILDREN)
async def test_an_operator_that_ends_amid_an_apply_leaves_the_rest_of_it_to_the_next_one(
    served: World, kind: str
) -> None:
    """The object is as it should be by then; only what is noted of its owners is not."""
    replace = served.cluster.replace

    async def never(_: Body) -> Body:
        served.cluster.replace = replace  # type: ignore[method-assign]
        raise Transient("killed")

    served.cluster.edit(kind, KEY, lambda body: body["metadata"]["labels"].update({LABEL_BUNDLE: "another"}))
    served.cluster.replace = never  # type: ignore[method-assign, assignment]
    with pytest.raises(Transient):
        await served.look()
    assert is_half_applied(served.cluster.objects[kind, *KEY.place])
    await served.look()
    live = served.cluster.objects[kind, *KEY.place]
    assert not is_half_applied(live)
    assert not was_posted(live)
    await served.look()
    await served.at_rest()


async def test_a_field_that_a_policy_asks_for_and_others_removed_comes_back(served: World) -> None:
    """Of a removal there is no trace in managedFields."""

    def has_no_token(body: Body) -> bool:
        return body["kind"] != "Deployment" or "automountServiceAccountToken" in body["spec"]["template"]["spec"]

    _with_policy(served, has_no_token)
    served.cluster.edit(
        "Deployment", KEY, lambda body: body["spec"]["template"]["spec"].pop("automountServiceAccountToken")
    )
    await served.look()
    assert has_no_token(served.cluster.objects["Deployment", *KEY.place])
    await served.look()
    await served.at_rest()


async def test_labels_and_address_families_of_others_stay_beside_ours(served: World) -> None:
    """Meshes, queues and backups go by labels; dual stack is the cluster's owner's to choose."""
    theirs = {"kueue.x-k8s.io/queue-name": "q", "velero.io/restore-name": "backup-1"}
    ours = {kind: dict(served.cluster.objects[kind, *KEY.place]["metadata"]["labels"]) for kind in CHILDREN}
    for kind in CHILDREN:
        served.cluster.edit(kind, KEY, lambda body: body["metadata"]["labels"].update(theirs), "kubectl-label")
    served.cluster.edit("Service", KEY, lambda body: body["spec"].update(ipFamilyPolicy="PreferDualStack"))
    await served.at_rest()
    for kind in CHILDREN:
        served.cluster.edit(kind, KEY, lambda body: body["metadata"]["labels"].update({LABEL_BUNDLE: "another"}))
    served.cluster.edit("Service", KEY, lambda body: body["spec"].update(sessionAffinity="ClientIP"))
    await served.look()
    assert {kind: served.cluster.objects[kind, *KEY.place]["metadata"]["labels"] for kind in CHILDREN} == {
        kind: {**labels, **theirs} for kind, labels in ours.items()
    }
    service = served.cluster.objects["Service", *KEY.place]["spec"]
    assert service["ipFamilyPolicy"] == "PreferDualStack"
    assert "sessionAffinity" not in service
    await served.look()
    await served.at_rest()


async def test_a_change_of_the_bundle_s_own_changes_the_template_once(served: World) -> None:
    before = served.cluster.objects["Deployment", *KEY.place]["metadata"]["generation"]
    _serve(served, nodeSelector={"disk": "ssd"})
    await served.look()
    _serve(served, nodeSelector={"disk2": "ssd"})
    await served.look()
    live = served.cluster.objects["Deployment", *KEY.place]
    assert live["spec"]["template"]["spec"]["nodeSelector"] == {"disk2": "ssd"}
    assert live["metadata"]["generation"] == before + 2


def _with_policy(world: World, lets_pass: Callable[[Body], bool]) -> None:
    """Admission, as charts/operator/templates/admission-policy has it, of PUTs."""
    replace = world.cluster.replace

    async def judged(body: Body) -> Body:
        if not lets_pass(body):
            raise refused("denied by a policy")
        return await replace(body)

    world.cluster.replace = judged  # type: ignore[method-assign]


def _scale(world: World, replicas: int) -> None:
    _serve(world, replicas=replicas)


def _serve(world: World, **changes: object) -> None:
    body = world.cluster.objects["ModelBundle", *KEY.place]
    serving = {**body["spec"]["serving"], **changes}
    scaled = world.cluster.put({**body, "spec": {**body["spec"], "serving": serving}})
    world.cache.observe("ModelBundle", "MODIFIED", scaled)


def _versions(world: World) -> dict[str, str]:
    return {kind: world.cluster.objects[kind, *KEY.place]["metadata"]["resourceVersion"] for kind in CHILDREN}


async def test_a_service_that_was_made_headless_is_said_to_answer_nothing(served: World) -> None:
    served.cluster.edit("Service", KEY, lambda body: body["spec"].update({"clusterIP": "None"}))
    with pytest.raises(NameTaken):
        await served.look()
    assert served.ready() == ("False", "NameConflict")
    assert "Service llama was made headless" in served.condition("Ready")["message"]
    assert "answers at http" not in served.condition("Ready")["message"]
    served.cache.observe("Service", "DELETED", served.cluster.delete("Service", KEY))
    await served.look()
    assert served.ready() == ("True", "Serving")
    await served.at_rest()
