"""The Service of an endpoint: whose it may be, and what becomes of it when others edit or refuse it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from modelbundle_operator.api.names import Reason
from modelbundle_operator.errors import Transient
from modelbundle_operator.reconcile.children import NameTaken

from tests.operator.fake_cluster import refused
from tests.operator.town import KEY, SETTLED, Town, endpoint


async def test_a_foreign_service_of_the_name_is_left_alone_until_it_goes() -> None:
    town = Town(endpoint("v1"))
    town.bundle("v1")
    stranger = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sentiment", "namespace": "models"}}
    town.cluster.put({**stranger, "spec": {"selector": {"app": "theirs"}}})
    with pytest.raises(NameTaken):
        await town.look()
    assert town.said() == ("False", "NameConflict")
    assert "Service sentiment exists" in town.message()
    assert town.service()["spec"]["selector"] == {"app": "theirs"}
    with pytest.raises(NameTaken), town.cluster.expect_no_writes():
        await town.look()
    town.cluster.delete("Service", KEY)
    await town.look()
    assert town.said() == ("True", "Serving")
    await town.at_rest()


@pytest.mark.parametrize("version", ["v1alpha1", "v1beta1"])
async def test_the_service_of_a_bundle_of_the_same_name_is_foreign_too(version: str) -> None:
    town = Town(endpoint("v1"))
    town.bundle("v1")
    owner = {"apiVersion": f"modelbundle.dev/{version}", "kind": "ModelBundle", "name": "sentiment", "uid": "u"}
    metadata = {"name": "sentiment", "namespace": "models", "ownerReferences": [{**owner, "controller": True}]}
    town.cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}})
    with pytest.raises(NameTaken):
        await town.look()
    assert town.said() == ("False", "NameConflict")
    assert town.message() == (
        "Service sentiment is that of the ModelBundle sentiment. A ModelBundle and a ModelEndpoint need a Service each,"
        " so they cannot have one name: create the ModelEndpoint under another one. It continues automatically when the"
        " ModelBundle is deleted."
    )
    with pytest.raises(NameTaken), town.cluster.expect_no_writes():
        await town.look()


async def test_the_service_of_a_deleted_namesake_is_waited_for(town: Town) -> None:
    successor = endpoint("v1")
    successor["metadata"]["uid"] = "uid-of-the-successor"
    town.cluster.put(successor)
    with pytest.raises(Transient, match="garbage collection"), town.cluster.expect_no_writes():
        await town.look()


async def test_a_foreign_edit_of_the_service_is_undone(town: Town) -> None:
    town.cluster.edit("Service", KEY, lambda body: body["spec"]["selector"].update({"modelbundle.dev/bundle": "v9"}))
    town.bundle("v9")
    await town.look()
    town.follow()
    await town.look()
    assert town.points_at() == "v1"


async def test_a_policy_that_refuses_the_service_is_said_and_tried_again() -> None:
    town = Town(endpoint("v1"))
    town.cluster.refuse["Service"] = refused("no services on Fridays")
    with pytest.raises(Transient):
        await town.look()
    assert town.said() == ("False", Reason.APPLY_REFUSED)
    town.cluster.refuse.clear()
    town.bundle("v1")
    await town.look()
    assert town.said() == ("True", "Serving")
    await town.at_rest()


async def test_an_endpoint_that_goes_is_left_alone(town: Town) -> None:
    going = town.cluster.objects["ModelEndpoint", "models", "sentiment"]
    town.cluster.put({**going, "metadata": {**going["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}})
    town.cache.observe("Service", "DELETED", town.cluster.delete("Service", KEY))
    with town.cluster.expect_no_writes():
        await town.look()


NOTES = {
    "from nowhere": {"moved-at": "2026-01-01T00:00:00Z"},
    "at no time": {"moved-at": "banana", "moved-from": "v0", "moved-until": "2026-01-01T00:01:50Z"},
    "without a zone": {"moved-at": "2026-01-01T00:00:00", "moved-from": "v0"},
    "in the year 0": {"moved-at": "0000-01-01T00:00:00Z", "moved-from": "v0"},
    "from what is no name": {"moved-at": "2026-01-01T00:00:00Z", "moved-from": "The one before."},
    "from more than a name": {"moved-at": "2026-01-01T00:00:00Z", "moved-from": "v" * 64},
}


@pytest.mark.parametrize("notes", NOTES.values(), ids=NOTES)
async def test_a_move_that_others_note_is_none(town: Town, notes: dict[str, str]) -> None:
    noted = {f"modelbundle.dev/{name}": text for name, text in notes.items()}
    town.cluster.edit("Service", KEY, lambda body: body["metadata"].setdefault("annotations", {}).update(noted))
    await town.look()
    assert (town.said(), town.said("Reconciling"), town.answers()) == (("True", "Serving"), ("", ""), "v1")
    await town.at_rest()


@pytest.mark.parametrize("idle", ["9" * 30, "9" * 5000, "٣", "-1"])
async def test_a_time_of_idle_connections_that_no_bundle_has_is_none(town: Town, idle: str) -> None:
    town.bundle("v2")
    town.ask_for("v2")
    await town.look()
    noted = {"modelbundle.dev/moved-idle-seconds": idle}
    town.cluster.edit("Service", KEY, lambda body: body["metadata"]["annotations"].update(noted))
    town.follow()
    await town.look()
    town.now += timedelta(hours=1)
    await town.look()
    assert (town.said(), town.answers()) == (("True", "Serving"), "v2")


@pytest.mark.parametrize("until", ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59-23:59", "never"])
async def test_a_move_ends_whatever_stands_in_the_note_of_its_end(town: Town, until: str) -> None:
    """As where the clock of the operator that wrote it was ahead."""
    town.bundle("v2")
    town.ask_for("v2")
    await town.look()
    town.follow()
    noted = {"modelbundle.dev/moved-until": until}
    town.cluster.edit("Service", KEY, lambda body: body["metadata"]["annotations"].update(noted))
    assert await town.look() == pytest.approx(SETTLED, abs=1.1)
    town.now += timedelta(seconds=SETTLED + 1)
    await town.look()
    assert (town.said(), town.answers()) == (("True", "Serving"), "v2")
