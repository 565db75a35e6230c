"""ModelEndpoints in the running loop: what they wait for, when they move, and when they say that they have."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from modelbundle_operator.endpoint.route import FOLLOWED_LONGEST_SECONDS, FOLLOWED_SECONDS, PROPAGATION_SECONDS
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.reconcile.endpoint import EndpointReconciler

from bundle_spec.connection_age import DEFAULT_IDLE_SECONDS, FIRST_IDLE_SECONDS, max_connection_age
from tests.operator.town import KEY, SETTLED, Town, digest, endpoint


async def test_an_endpoint_on_a_ready_bundle_answers_at_once(town: Town) -> None:
    assert town.answers() == "v1"
    assert town.status()["digest"] == digest("v1")
    assert town.status()["endpoint"] == {"url": "http://sentiment.models.svc"}
    assert town.service()["spec"]["selector"] == {
        "modelbundle.dev/bundle": "v1", "modelbundle.dev/digest": digest("v1")[7:23],
    }  # fmt: skip
    assert town.service()["metadata"]["ownerReferences"][0]["kind"] == "ModelEndpoint"
    assert town.said("Reconciling") == ("", "")
    assert [event["regarding"]["kind"] for event in town.cluster.events] == ["ModelEndpoint"]
    await town.at_rest()


async def test_a_missing_bundle_is_waited_for_and_the_name_is_kept() -> None:
    town = Town(endpoint("v1"))
    await town.look()
    assert town.said() == ("False", "BundleNotFound")
    assert "does not exist" in town.message()
    assert ("Service", "models", "sentiment") in town.cluster.objects
    await town.at_rest()
    town.bundle("v1", "Progressing")
    await town.look()
    assert town.said() == ("False", "BundleNotReady")
    await town.at_rest()
    town.bundle("v1")
    await town.look()
    assert (town.said(), town.answers()) == (("True", "Serving"), "v1")
    await town.at_rest()


async def test_it_moves_only_when_the_other_is_ready(town: Town) -> None:
    town.ask_for("v2")
    await town.look()
    assert (town.points_at(), town.answers()) == ("v1", "v1")
    assert (town.said(), town.said("Reconciling")) == (("True", "Serving"), ("True", "BundleNotFound"))
    await town.at_rest()
    town.bundle("v2", "LoadFailed")
    await town.look()
    assert (town.points_at(), town.answers()) == ("v1", "v1")
    assert "LoadFailed: in its own words" in town.message("Reconciling")
    await town.at_rest()
    town.bundle("v2")
    assert await town.look() == FOLLOWED_SECONDS
    assert town.points_at() == "v2"


async def test_a_move_is_reported_when_no_old_connection_can_be_left(town: Town) -> None:
    town.bundle("v2")
    town.follow()
    town.ask_for("v2")
    await town.look()
    assert (town.said(), town.said("Reconciling")) == (("True", "Moving"), ("True", "Moving"))
    assert town.answers() is None
    assert town.status()["moving"] == {"from": "v1", "to": "v2"}
    await town.at_rest()  # Kubernetes has not followed yet, however long that takes
    town.now += timedelta(minutes=10)
    assert await town.look() == pytest.approx(60, abs=1), "the longer it has taken, the rarer it is looked at"
    town.now += timedelta(hours=1)
    assert await town.look() == FOLLOWED_LONGEST_SECONDS
    town.follow()
    assert await town.look() == pytest.approx(SETTLED, abs=1.1)
    until = datetime.fromisoformat(town.status()["moving"]["until"])
    assert until - town.now >= timedelta(seconds=PROPAGATION_SECONDS + max_connection_age(FIRST_IDLE_SECONDS))
    await town.at_rest()
    town.now = until - timedelta(seconds=1)
    await town.look()
    assert town.answers() is None
    town.now = until
    assert await town.look() is None
    assert (town.answers(), town.said()) == ("v2", ("True", "Serving"))
    assert "moving" not in town.status()
    assert town.said("Reconciling") == ("", "")
    await town.at_rest()


async def test_there_and_back(town: Town) -> None:
    town.bundle("v2")
    await town.moves("v2")
    await town.moves("v1")
    await town.at_rest()


async def test_who_turns_back_during_a_move_is_told_nothing_false(town: Town) -> None:
    town.bundle("v2")
    town.ask_for("v2")
    await town.look()
    town.ask_for("v1")
    await town.look()
    assert (town.points_at(), town.answers()) == ("v1", None)
    assert town.status()["moving"] == {"from": "v2", "to": "v1"}
    town.follow()
    await town.look()
    town.now += timedelta(seconds=SETTLED)
    await town.look()
    assert town.answers() == "v1"
    await town.at_rest()


async def test_a_restart_in_the_middle_of_a_move_forgets_nothing(town: Town) -> None:
    town.bundle("v2")
    town.ask_for("v2")
    await town.look()
    town.follow()
    await town.look()
    town.cache = ObjectCache()
    town.look_at = EndpointReconciler(town.cluster, town.cache, lambda: town.now)
    await town.at_rest()
    assert town.answers() is None
    town.now += timedelta(seconds=SETTLED)
    await town.look()
    assert town.answers() == "v2"


async def test_a_bundle_that_will_never_be_ready_stalls_the_endpoint_which_goes_on_answering(town: Town) -> None:
    town.bundle("v2", "ArtifactDigestMismatch", stalled=True)
    town.ask_for("v2")
    await town.look()
    assert (town.said(), town.answers()) == (("True", "Serving"), "v1")
    assert town.said("Stalled") == ("True", "BundleNotReady")
    assert "name another bundle" in town.message("Stalled")
    await town.at_rest()
    town.ask_for("v1")
    await town.look()
    assert town.said("Stalled") == town.said("Reconciling") == ("", "")
    await town.at_rest()


async def test_a_stored_bundle_is_not_moved_to(town: Town) -> None:
    town.bundle("v2", "Stored")
    town.ask_for("v2")
    await town.look()
    assert town.points_at() == "v1"
    assert "kubectl scale mbun v2" in town.message("Reconciling")
    await town.at_rest()


async def test_two_endpoints_on_one_bundle_know_nothing_of_each_other(town: Town) -> None:
    town.cluster.put(endpoint("v1", "other"))
    town.bundle("v2")
    await town.look(KEY._replace(name="other"))
    await town.moves("v2")
    await town.look(KEY._replace(name="other"))
    assert (town.points_at("other"), town.points_at()) == ("v1", "v2")
    assert town.status("other")["bundle"] == "v1"
    await town.at_rest()


async def begin_to_leave(town: Town, *path: str) -> None:
    """The endpoint is led from one bundle to the next before the move to it is over."""
    for bundle in path:
        town.ask_for(bundle)
        await town.look()
        town.follow()
        await town.look()


def takes(town: Town) -> float:
    return (datetime.fromisoformat(town.status()["moving"]["until"]) - town.now).total_seconds()


@pytest.mark.parametrize("idle", [1, 15, DEFAULT_IDLE_SECONDS, 600, None])
async def test_a_move_takes_as_long_as_the_pods_that_are_left_keep_idle_connections(town: Town, idle: int) -> None:
    town.bundle("v1", idle=idle)
    town.bundle("v2", idle=3000)
    await begin_to_leave(town, "v2")
    wanted = PROPAGATION_SECONDS + max_connection_age(FIRST_IDLE_SECONDS if idle is None else idle)
    assert takes(town) == pytest.approx(wanted, abs=1.1)
    assert f"up to {wanted:.0f} s, as its serving.idleSeconds is {idle or FIRST_IDLE_SECONDS}" in town.message()
    await town.at_rest()


async def test_a_move_that_another_one_overtakes_leaves_its_connections_their_time(town: Town) -> None:
    town.bundle("v1", idle=300)
    town.bundle("v2", idle=5)
    town.bundle("v3", idle=5)
    await begin_to_leave(town, "v2", "v3")
    assert takes(town) == pytest.approx(PROPAGATION_SECONDS + max_connection_age(300), abs=1.1)
    town.now += timedelta(seconds=takes(town))
    await town.look()
    assert town.answers() == "v3"
    await begin_to_leave(town, "v2")
    assert takes(town) == pytest.approx(PROPAGATION_SECONDS + max_connection_age(5), abs=1.1)


async def test_pods_that_are_gone_may_have_kept_connections_for_the_usual_time(town: Town) -> None:
    town.bundle("v2")
    town.gone("Pod", "models", "v1-pod")
    await begin_to_leave(town, "v2")
    assert takes(town) == pytest.approx(PROPAGATION_SECONDS + max_connection_age(DEFAULT_IDLE_SECONDS), abs=1.1)


async def test_words_say_how_long_a_move_takes_before_kubernetes_has_followed(town: Town) -> None:
    town.bundle("v1", idle=20)
    town.bundle("v2")
    town.ask_for("v2")
    await town.look()
    assert "56 s after it has" in town.message()
    await town.at_rest()
