"""Clones in the running loop: which wakes which, what stays when a base goes, what a restart finds again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.kinds import CHILD_KINDS
from modelbundle_operator.loop.key import Key
from modelbundle_operator.reconcile.bundle import TOGETHER_SECONDS, Reconciler
from modelbundle_operator.settings import Settings

from tests.operator.fake_cluster import FakeCluster
from tests.operator.world import Running, running
from tools.testkit.cluster_objects import START, model_bundle, serving_pod

Body = dict[str, Any]


def bundle(name: str, **fields: Any) -> Body:
    """Stored only: what these stories are about comes before the pods."""
    return model_bundle(name, serving={"replicas": 0}, **fields)


def clone(name: str, of: str = "base", digest: str | None = None, replicas: int = 0, **fields: Any) -> Body:
    made = model_bundle(name, serving={"replicas": replicas})
    asked = {"name": of, **({"digest": digest} if digest else {})}
    return {**made, "spec": {**made["spec"], "bundle": {"cloneFrom": asked, **fields}}}


def other_base() -> Body:
    made = bundle("base", env=[{"name": "OTHER", "value": "1"}])
    made["metadata"]["uid"] = "uid-of-another-base"
    return made


async def digest_of(live: Running, name: str) -> str:
    await live.settle()
    return str(live.status(name)["digest"])


async def test_a_clone_is_served_like_any_bundle() -> None:
    async with running() as live:
        live.apply(bundle("base"), clone("clone", replicas=1, appConfig={"mode": "batched"}))
        await live.until("clone", "Progressing")
        status = live.status("clone")
        assert status["lineage"] == {"root": "base", "parent": "base", "depth": 1, "changed": ["appConfig"]}
        assert status["resolved"]["base"]["digest"] == live.status("base")["digest"] != status["digest"]
        written = live.cluster.objects["ConfigMap", "models", "clone"]["data"]["bundle.json"]
        assert written == status["resolved"]["document"]
        for kind in ("ConfigMap", "Service", "Deployment"):
            labels = live.cluster.objects[kind, "models", "clone"]["metadata"]["labels"]
            assert labels["modelbundle.dev/root"] == "base"
        assert "ownerReferences" not in live.body("clone")["metadata"]
        await live.at_rest()


async def test_the_family_is_selectable_at_its_root_too() -> None:
    async with running() as live:
        live.apply(bundle("base"))
        await live.settle()
        assert live.status("base")["lineage"] == {"root": "base", "depth": 0}
        assert "resolved" not in live.status("base")
        await live.at_rest()


async def test_a_missing_base_is_waited_for_and_wakes_the_clone() -> None:
    async with running() as live:
        live.apply(clone("clone"))
        await live.until("clone", "BaseNotFound")
        assert live.condition("clone")["status"] == live.condition("clone", "Resolved")["status"] == "False"
        assert live.reason("clone", "Reconciling") == "BaseNotFound"
        assert live.condition("clone", "Stalled") == {}
        await live.at_rest()
        live.apply(bundle("base"))
        await live.until("clone", "Stored")
        assert live.reason("clone", "Resolved") == "Completed"
        await live.at_rest()


async def test_what_was_waited_for_is_asked_for_again_after_a_restart() -> None:
    async with running() as live:
        live.apply(clone("clone"))
        await live.until("clone", "BaseNotFound")
    async with running(live.cluster) as live:
        await live.settle()
        live.apply(bundle("base"))
        await live.until("clone", "Stored")
        await live.at_rest()


async def test_a_line_of_clones_is_resolved_from_its_end_and_stands_without_it() -> None:
    async with running() as live:
        names = [f"level-{level}" for level in range(51)]
        for level in range(50, 0, -1):
            live.apply(clone(names[level], names[level - 1], env=[{"name": "LEVEL", "value": str(level)}]))
        live.apply(bundle("level-0"))
        await live.until("level-50", "Stored")
        assert live.status("level-50")["lineage"] == {
            "root": "level-0", "parent": "level-49", "depth": 50, "changed": ["env"],
        }  # fmt: skip
        for name in names[:50]:
            live.delete(name)
        await live.at_rest()
        assert live.reason("level-50", "Resolved") == "Completed"


async def test_a_base_that_is_deleted_later_is_not_missed() -> None:
    async with running() as live:
        live.apply(bundle("base"), clone("clone"))
        before = await digest_of(live, "clone")
        live.delete("base")
        await live.at_rest()
        live.apply(other_base())
        await live.settle()
        assert live.status("clone")["digest"] == before != live.status("base")["digest"]
        await live.at_rest()
    async with running(live.cluster) as live:
        await live.at_rest()
        assert live.status("clone")["digest"] == before


async def test_what_a_clone_is_stands_before_anything_is_made_of_it() -> None:
    """The operator ends between the two and the base goes meanwhile: the clone starts all the same."""
    cluster, cache = FakeCluster(), ObjectCache()
    reconcile = Reconciler(cluster, cache, Settings(), lambda: START)
    cluster.put(bundle("base"))
    cluster.put(clone("clone", replicas=1))
    cluster.refuse["ConfigMap"] = Transient("the connection breaks")
    cluster.deliver(cache)
    with pytest.raises(Transient):
        await reconcile(Key("models", "clone"))
    cluster.delete("ModelBundle", Key("models", "base"))
    cluster.refuse.clear()
    async with running(cluster) as live:
        await live.until("clone", "Progressing")
        assert ("Deployment", "models", "clone") in cluster.objects
        assert live.reason("clone", "Resolved") == "Completed"
        await live.at_rest()


async def test_a_base_of_another_content_is_refused_where_a_digest_is_asked_for() -> None:
    async with running() as live:
        live.apply(bundle("base"))
        wanted = await digest_of(live, "base")
        live.delete("base")
        live.apply(other_base(), clone("exact", digest=wanted), clone("any"))
        await live.until("exact", "BaseChanged")
        assert live.condition("exact", "Stalled")["status"] == "True"
        assert ("Deployment", "models", "exact") not in live.cluster.objects
        assert await digest_of(live, "any") == await digest_of(live, "base")
        await live.at_rest()
        live.delete("base")
        await live.until("exact", "BaseNotFound")
        live.apply(bundle("base"))
        await live.until("exact", "Stored")
        assert live.status("exact")["digest"] == wanted
        assert live.condition("exact", "Stalled") == {}
        await live.at_rest()


async def test_a_cluster_restored_from_git_alone_resolves_anew() -> None:
    async with running() as live:
        live.apply(bundle("base"))
        first = await digest_of(live, "base")
        live.apply(clone("exact", digest=first), clone("any"))
        await live.settle()
    async with running() as restored:  # no status, and another base under the name
        restored.apply(clone("exact", digest=first), clone("any"), other_base())
        await restored.until("exact", "BaseChanged")
        assert await digest_of(restored, "any") != first
        await restored.at_rest()
    async with running() as restored:
        restored.apply(clone("exact", digest=first), bundle("base"))
        assert await digest_of(restored, "exact") == first
        await restored.at_rest()


async def test_what_still_answers_is_said_when_status_and_base_are_lost() -> None:
    async with running() as live:
        asked = clone("clone", replicas=1, appConfig={"mode": "batched"})
        live.apply(bundle("base"), asked)
        digest = await digest_of(live, "clone")
        live.apply(serving_pod("clone-1", bundle="clone", digest=digest))
        await live.until("clone", "Serving")
        deployment = live.cluster.objects["Deployment", "models", "clone"]
        live.delete("base")
        live.apply(asked)  # the spec from Git, over an object without status
        await live.until("clone", "BaseNotFound")
        assert live.condition("clone")["status"] == "False"
        said = f"1 pod of {digest} answers at http://clone.models.svc/predict"
        assert live.condition("clone")["message"].endswith(
            f"under a new name. Meanwhile {said}, as it was made before."
        )
        assert live.condition("clone", "Available")["status"] == "True"
        assert (live.status("clone")["replicas"], live.status("clone")["readyReplicas"]) == (1, 1)
        assert "digest" not in live.status("clone")
        await live.at_rest()
        live.on_event("DELETED", live.cluster.delete("Pod", Key("models", "clone-1")))
        await live.settle()
        assert "Meanwhile" not in live.condition("clone")["message"]
        assert live.condition("clone", "Available")["status"] == "False"
        live.apply(serving_pod("clone-2", bundle="clone", digest=digest), bundle("base"))
        await live.until("clone", "Serving")
        assert live.status("clone")["digest"] == digest
        assert live.cluster.objects["Deployment", "models", "clone"] == deployment, "no pod is restarted for it"
        await live.at_rest()


async def test_a_base_that_cannot_be_resolved_stalls_all_that_is_derived_from_it_until_it_is_replaced() -> None:
    async with running() as live:
        live.apply(bundle("base", appConfig={"n": 2**60}), clone("clone"), clone("heir", "clone"))
        for name in ("clone", "heir"):
            await live.until(name, "BaseNotResolved")
            await live.settle()
            assert "waiting does not help: " in live.condition(name, "Stalled")["message"]
        await live.at_rest()
        live.delete("base")
        await live.until("clone", "BaseNotFound")
        live.apply(other_base())
        await live.until("clone", "Stored")
        await live.at_rest()


async def test_a_clone_that_its_base_makes_unfit_is_looked_at_when_that_is_another() -> None:
    async with running() as live:
        live.apply(bundle("base"), clone("clone", requestSchema={"type": "object"}))
        await live.until("clone", "InvalidSchema")
        assert live.condition("clone", "Stalled")["status"] == "True"
        await live.at_rest()
        live.delete("base")
        await live.until("clone", "BaseNotFound")
        schema = {"type": "object"}
        live.apply(bundle("base", requestSchema=schema, responseSchema=schema))
        await live.until("clone", "Stored")
        await live.at_rest()


async def test_a_base_in_deletion_is_no_base_any_more() -> None:
    async with running() as live:
        going = bundle("base")
        going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        live.apply(going, clone("clone"))
        await live.until("clone", "BaseNotFound")
        assert "is being deleted" in live.condition("clone")["message"]
        await live.at_rest()


async def test_a_cycle_is_named_in_each_of_its_members_and_ends_when_one_is_replaced() -> None:
    async with running() as live:
        live.apply(clone("a", "b"), clone("b", "c"), clone("c", "a"), clone("aside", "a"), clone("self", "self"))
        for name in ("a", "b", "c", "self"):
            await live.until(name, "CloneCycle")
            assert live.condition(name, "Stalled")["status"] == "True"
        await live.until("aside", "BaseNotResolved")
        await live.at_rest()
        live.delete("c")
        live.apply(bundle("c"))
        for name in ("a", "b", "aside"):
            await live.until(name, "Stored")
        await live.at_rest()


async def test_a_clone_and_its_base_that_are_applied_together_are_no_news() -> None:
    cluster, cache, now = FakeCluster(), ObjectCache(), START
    reconcile = Reconciler(cluster, cache, Settings(), lambda: now)
    young = clone("clone")
    young["metadata"]["creationTimestamp"] = START.isoformat()
    cluster.put(young)
    cluster.deliver(cache)
    with cluster.expect_no_writes():
        outcome = await reconcile(Key("models", "clone"))
    assert (outcome.requeue_after, outcome.waits_on) == (TOGETHER_SECONDS, {Key("models", "base")})
    now = START + timedelta(seconds=TOGETHER_SECONDS)
    assert (await reconcile(Key("models", "clone"))).waits_on == {Key("models", "base")}
    assert cluster.objects["ModelBundle", "models", "clone"]["status"]["conditions"][0]["reason"] == "BaseNotFound"


CALLS_OF_A_CLONE = [
    # one write says what it is and how it is, as nothing is made of it
    (0, {("read", "Deployment"): 1, ("apply", "ModelBundle"): 1, ("create", "Event"): 1}),
    # what it is stands before anything is made of it
    (1, {("apply", "ModelBundle"): 2, **{("create", kind): 1 for kind in CHILD_KINDS}}),
]


@pytest.mark.parametrize(("replicas", "calls"), CALLS_OF_A_CLONE, ids=["stored", "until its pods start"])
async def test_api_calls_of_a_clone(replicas: int, calls: Body) -> None:
    async with running() as live:
        live.apply(bundle("base"))
        await live.settle()
        live.cluster.calls.clear()
        live.apply(clone("clone", replicas=replicas))
        await live.until("clone", "Progressing" if replicas else "Stored")
        await live.settle()
        assert live.cluster.calls == calls
