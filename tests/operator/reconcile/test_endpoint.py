"""ModelEndpoints in the running loop: what they wait for, when they move, and when they say that they have."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from modelbundle_operator.api.names import Reason
from modelbundle_operator.endpoint.route import FOLLOWED_SECONDS, PROPAGATION_SECONDS
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.bundle import CONFLICT_SECONDS
from modelbundle_operator.reconcile.endpoint import EndpointReconciler

from bundle_spec.connection_age import LONGEST_SECONDS
from tests.operator.fake_cluster import FakeCluster, refused
from tools.testkit.cluster_objects import START, model_bundle, serving_pod

Body = dict[str, Any]
KEY = Key("models", "sentiment", "ModelEndpoint")
SETTLED = PROPAGATION_SECONDS + LONGEST_SECONDS + 1


def endpoint(bundle: str, name: str = "sentiment") -> Body:
    return {
        "apiVersion": "modelbundle.dev/v1alpha1",
        "kind": "ModelEndpoint",
        "metadata": {"name": name, "namespace": "models", "uid": f"uid-of-{name}", "generation": 1},
        "spec": {"bundle": bundle},
    }


def digest(content: str) -> str:
    return "sha256:" + content.encode().hex().ljust(64, "0")[:64]


class Town:
    """Bundles as the bundles' own loop leaves them, and the endpoints' loop, looked at by hand."""

    def __init__(self, *bodies: Body) -> None:
        self.cluster, self.now = FakeCluster(), START
        self.cache = ObjectCache()
        self.look_at = EndpointReconciler(self.cluster, self.cache, lambda: self.now)
        for body in bodies:
            self.cluster.put(body)

    def bundle(self, name: str, reason: str = "Serving", content: str = "", stalled: bool = False) -> None:
        """A bundle that says this of itself; where it serves it has a pod."""
        content = content or name
        ready = "True" if reason in ("Serving", "Stored") else "False"
        conditions = [{"type": "Ready", "status": ready, "reason": reason, "message": "in its own words."}]
        if stalled:
            conditions.append({"type": "Stalled", "status": "True", "reason": reason, "message": ""})
        body = model_bundle(name)
        self.cluster.put({**body, "status": {"digest": digest(content), "conditions": conditions}})
        for ref in [ref for ref in self.cluster.objects if ref[0] == "Pod" and ref[2] == f"{name}-pod"]:
            self.gone(*ref)
        if reason == "Serving":
            self.cluster.put(serving_pod(f"{name}-pod", bundle=name, digest=digest(content)))

    def gone(self, kind: str, _: str, name: str) -> None:
        self.cache.observe(kind, "DELETED", self.cluster.delete(kind, Key("models", name)))

    def delete(self, name: str) -> None:
        for ref in [ref for ref in self.cluster.objects if ref[2] in (name, f"{name}-pod")]:
            self.gone(*ref)

    def follow(self, name: str = "sentiment") -> None:
        """Kubernetes' own controller follows the selector."""
        selector = self.service(name)["spec"]["selector"]
        pods = [
            {"targetRef": {"kind": "Pod", "name": ref[2]}}
            for ref, pod in self.cluster.objects.items()
            if ref[0] == "Pod" and selector.items() <= pod["metadata"]["labels"].items()
        ]
        labels = {**self.service(name)["metadata"]["labels"], "kubernetes.io/service-name": name}
        self.cluster.put(
            {
                "apiVersion": "discovery.k8s.io/v1",
                "kind": "EndpointSlice",
                "metadata": {"name": f"{name}-x", "namespace": "models", "labels": labels},
                "endpoints": pods,
            }
        )

    async def look(self, key: Key = KEY) -> float | None:
        self.cluster.deliver(self.cache)
        outcome = await self.look_at(key)
        assert all(waited.kind == "ModelBundle" for waited in outcome.waits_on)
        assert outcome.waits_on or not outcome.requeue_after
        return outcome.requeue_after

    async def moves(self, bundle: str) -> None:
        """The user changes the one line; everything else takes its course."""
        self.ask_for(bundle)
        await self.look()
        self.follow()
        await self.look()
        self.now += timedelta(seconds=SETTLED)
        await self.look()
        assert self.answers() == bundle

    def ask_for(self, bundle: str) -> None:
        self.cluster.edit("ModelEndpoint", KEY, lambda body: body["spec"].update(bundle=bundle))

    def loses(self, name: str, reason: str) -> None:
        """The bundle's status is gone, and its base too, so it has no digest any more; its pods know nothing of it."""
        conditions = [{"type": "Ready", "status": "False", "reason": reason, "message": "in its own words."}]
        self.cluster.put({**model_bundle(name), "status": {"conditions": conditions}})

    async def at_rest(self) -> None:
        for condition in self.status().get("conditions", []):
            assert ".." not in condition["message"]
        with self.cluster.expect_no_writes():
            await self.look()

    def service(self, name: str = "sentiment") -> Body:
        return self.cluster.objects["Service", "models", name]

    def points_at(self, name: str = "sentiment") -> str:
        return str(self.service(name)["spec"]["selector"]["modelbundle.dev/bundle"])

    def status(self, name: str = "sentiment") -> Body:
        return dict(self.cluster.objects["ModelEndpoint", "models", name].get("status") or {})

    def answers(self) -> str | None:
        return self.status().get("bundle")

    def said(self, kind: str = "Ready", name: str = "sentiment") -> tuple[str, str]:
        found = next((c for c in self.status(name).get("conditions", []) if c["type"] == kind), None)
        return (found["status"], found["reason"]) if found else ("", "")

    def message(self, kind: str = "Ready") -> str:
        return str(next(c["message"] for c in self.status()["conditions"] if c["type"] == kind))


@pytest.fixture
async def town() -> Town:
    """An endpoint that v1 answers for."""
    town = Town(endpoint("v1"))
    town.bundle("v1")
    await town.look()
    assert town.said() == ("True", "Serving")
    return town


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
    town.now += timedelta(hours=1)
    assert await town.look() == FOLLOWED_SECONDS
    town.follow()
    assert await town.look() == pytest.approx(SETTLED, abs=1.1)
    until = datetime.fromisoformat(town.status()["moving"]["until"])
    assert until - town.now >= timedelta(seconds=PROPAGATION_SECONDS + LONGEST_SECONDS)
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
    town.now += timedelta(seconds=SETTLED)
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


async def test_two_endpoints_on_one_bundle_know_nothing_of_each_other(town: Town) -> None:
    town.cluster.put(endpoint("v1", "other"))
    town.bundle("v2")
    await town.look(KEY._replace(name="other"))
    await town.moves("v2")
    await town.look(KEY._replace(name="other"))
    assert (town.points_at("other"), town.points_at()) == ("v1", "v2")
    assert town.status("other")["bundle"] == "v1"
    await town.at_rest()


async def test_a_foreign_service_of_the_name_is_left_alone_until_it_goes() -> None:
    town = Town(endpoint("v1"))
    town.bundle("v1")
    stranger = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "sentiment", "namespace": "models"}}
    town.cluster.put({**stranger, "spec": {"selector": {"app": "theirs"}}})
    assert await town.look() == CONFLICT_SECONDS
    assert town.said() == ("False", "NameConflict")
    assert "Service sentiment exists" in town.message()
    assert town.service()["spec"]["selector"] == {"app": "theirs"}
    await town.at_rest()
    town.cluster.delete("Service", KEY)
    await town.look()
    assert town.said() == ("True", "Serving")
    await town.at_rest()


async def test_the_service_of_a_bundle_of_the_same_name_is_foreign_too() -> None:
    town = Town(endpoint("v1"))
    town.bundle("v1")
    owner = {"apiVersion": "modelbundle.dev/v1alpha1", "kind": "ModelBundle", "name": "sentiment", "uid": "u"}
    metadata = {"name": "sentiment", "namespace": "models", "ownerReferences": [{**owner, "controller": True}]}
    town.cluster.put({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {}})
    await town.look()
    assert town.said() == ("False", "NameConflict")
    assert town.message() == (
        "Service sentiment is that of the ModelBundle sentiment. A ModelBundle and a ModelEndpoint need a Service each,"
        " so they cannot have one name: create the ModelEndpoint under another one. It goes on by itself when the"
        " ModelBundle is deleted."
    )
    await town.at_rest()


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
