"""An endpoint whose bundle fails, goes, or loses its status: what still answers is said, and what is waited for."""

from __future__ import annotations

from datetime import datetime

from tests.operator.town import Town, digest


async def test_a_bundle_that_fails_later_is_said_and_heals(town: Town) -> None:
    town.bundle("v1", "WorkerCrashed")
    await town.look()
    assert (town.said(), town.answers()) == (("False", "BundleNotReady"), None)
    assert town.said("Reconciling") == ("True", "BundleNotReady")
    await town.at_rest()
    town.bundle("v1")
    await town.look()
    assert (town.said(), town.answers()) == (("True", "Serving"), "v1")
    await town.at_rest()


async def test_pods_count_and_not_only_the_bundles_word(town: Town) -> None:
    """The bundle's status is a moment behind its pods."""
    town.gone("Pod", "models", "v1-pod")
    await town.look()
    assert town.said() == ("False", "BundleNotReady")
    assert "no pod that answers right now" in town.message()
    await town.at_rest()


async def test_a_bundle_that_is_deleted_under_it(town: Town) -> None:
    town.delete("v1")
    await town.look()
    assert town.said() == ("False", "BundleNotFound")
    await town.at_rest()
    town.bundle("v1", content="other")
    await town.look()
    assert town.service()["spec"]["selector"]["modelbundle.dev/digest"] == digest("other")[7:23]
    town.follow()
    await town.look()
    town.now = datetime.fromisoformat(town.status()["moving"]["until"])
    await town.look()
    assert town.status()["digest"] == digest("other")
    await town.at_rest()


async def test_pods_answer_on_when_the_bundles_status_and_base_are_lost(town: Town) -> None:
    town.loses("v1", "BaseNotFound")
    await town.look()
    assert (town.said(), town.said("Reconciling")) == (("True", "Serving"), ("True", "BundleNotReady"))
    assert town.message() == (
        f"1 pod answers at http://sentiment.models.svc/predict with {digest('v1')}, which ModelBundle v1 was before."
        " Now it is not Ready: BaseNotFound: in its own words."
    )
    assert (town.answers(), town.status()["digest"]) == (None, digest("v1"))
    await town.at_rest()
    town.bundle("v2")
    await town.moves("v2")
    town.ask_for("v1")
    await town.look()
    assert (town.said(), town.answers(), town.points_at()) == (("True", "Serving"), "v2", "v2")
    town.bundle("v1")
    await town.moves("v1")


async def test_pods_that_outlive_their_bundle_are_said(town: Town) -> None:
    """kubectl delete --cascade=orphan."""
    town.gone("ModelBundle", "models", "v1")
    await town.look()
    assert (town.said(), town.said("Reconciling")) == (("True", "Serving"), ("True", "BundleNotFound"))
    assert "Now it does not exist in this namespace." in town.message()
    await town.at_rest()
    town.gone("Pod", "models", "v1-pod")
    await town.look()
    assert town.said() == ("False", "BundleNotFound")
    assert "digest" not in town.status()
    await town.at_rest()


async def test_the_old_bundle_may_go_after_the_move(town: Town) -> None:
    town.bundle("v2")
    await town.moves("v2")
    town.delete("v1")
    await town.at_rest()
    assert town.answers() == "v2"


async def test_both_gone_is_said_with_what_it_waits_for(town: Town) -> None:
    town.bundle("v2", "Progressing")
    town.ask_for("v2")
    await town.look()
    town.delete("v1")
    await town.look()
    assert (town.said(), town.points_at()) == (("False", "BundleNotReady"), "v1")
    assert "Nothing answers: ModelBundle v2" in town.message()
    await town.at_rest()
