"""A look at everything repairs what can be listed, whatever cannot; how many lists it makes at the same time."""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.kinds import CACHED_KINDS, OWN_KINDS
from modelbundle_operator.kube.resync import FIRST_LISTS, OLDER_TIMES, Resync, Rewound
from modelbundle_operator.loop.key import Key

from tests.operator.fake_cluster import FakeCluster
from tools.testkit.cluster_objects import model_bundle

GONE = Refused(403, "GET /apis/.../namespaces/gone: 403: forbidden")


class Listed(FakeCluster):
    """What is asked of some namespaces or kinds fails."""

    def __init__(self, failing: dict[str | None, Exception]) -> None:
        super().__init__()
        self.failing = failing

    async def list(self, kind: str, namespace: str | None = None, *args: Any, **more: Any) -> Any:
        error = self.failing.get(namespace) or self.failing.get(kind)
        if error is not None:
            raise error
        return await super().list(kind, namespace, *args, **more)


def resync(cluster: FakeCluster, *namespaces: str) -> tuple[Resync, ObjectCache, list[Key]]:
    cache, woken = ObjectCache(), list[Key]()
    return Resync(cluster, cache, woken.append, 300.0, namespaces), cache, woken


async def test_a_namespace_that_is_gone_does_not_keep_the_others_waiting(caplog: pytest.LogCaptureFixture) -> None:
    cluster = Listed({"gone": GONE})
    cluster.put(model_bundle(namespace="there"))
    look, cache, woken = resync(cluster, "gone", "there")
    with caplog.at_level(logging.ERROR):
        await look.once()
        assert cache.filled
        assert woken == [Key("there", "llama")]
        await look.once()
    assert len([record for record in caplog.records if "does not manage it" in record.message]) == 1, "said once"


async def test_without_the_pods_of_a_namespace_nothing_can_be_said_there() -> None:
    """A right that was taken away: what serves would be said to have no pods."""
    cluster = Listed({"Pod": GONE})
    look, _, _ = resync(cluster)
    await look.once()
    assert look.lacks("models") == "Pod"
    cluster.failing = {"PodDisruptionBudget": GONE}
    await look.once()
    assert look.lacks("models") == "", "it does without budgets"
    cluster.failing = {"Pod": GONE}
    await look.once()
    assert look.lacks("models") == "", "what was known stays"


async def test_one_namespace_without_pods_keeps_no_other_one_from_being_served() -> None:
    class Half(FakeCluster):
        async def list(self, kind: str, namespace: str | None = None, *args: Any, **more: Any) -> Any:
            if (kind, namespace) == ("Pod", "closed"):
                raise GONE
            return await super().list(kind, namespace, *args, **more)

    look, _, _ = resync(Half(), "closed", "open")
    await look.once()
    assert (look.lacks("closed"), look.lacks("open")) == ("Pod", "")


async def test_where_everything_is_refused_it_fails(caplog: pytest.LogCaptureFixture) -> None:
    look, cache, _ = resync(Listed({"a": GONE, "b": GONE}), "a", "b")
    with pytest.raises(Refused):
        await look.once()
    assert not cache.filled


@pytest.mark.parametrize("error", [Transient("503"), RuntimeError("a bug")])
async def test_what_may_heal_is_tried_again_and_the_rest_is_repaired_meanwhile(error: Exception) -> None:
    cluster = Listed({"Pod": error})
    cluster.put(model_bundle())
    look, cache, woken = resync(cluster)
    with pytest.raises(type(error)):
        await look.once()
    assert woken == [Key("models", "llama")]
    assert not cache.filled, "nothing is decided on half of what is there"
    cluster.failing.clear()
    await look.once()
    assert cache.filled


def put_back(cluster: FakeCluster, before: dict[Any, Any]) -> None:
    """As a backup of etcd does: what was there, and versions begin again."""
    cluster.objects = before
    cluster._versions = itertools.count(1)


async def test_a_store_that_was_put_back_ends_the_process_for_one_that_knows_nothing_else() -> None:
    """Whatever is written there has a version that was seen before, and nothing of it would be taken in for days."""
    cluster = FakeCluster()
    cluster.put(model_bundle())
    before = dict(cluster.objects)
    for _ in range(100):
        cluster.now()
    cluster.put(model_bundle("later"))
    look, cache, _ = resync(cluster)
    await look.once()
    put_back(cluster, before)
    for _ in range(OLDER_TIMES - 1):
        with pytest.raises(Transient, match="a backup may have been put in the place of its store"):
            await look.once()
    with pytest.raises(Rewound):
        await look.once()
    assert cache.knows("ModelBundle", Key("models", "later")), "which is why"


async def test_a_list_that_lags_once_or_twice_is_asked_for_again() -> None:
    cluster = FakeCluster()
    for _ in range(10):
        cluster.now()
    look, _, _ = resync(cluster)
    await look.once()
    for _ in range(2):
        ahead, cluster._versions = cluster._versions, itertools.count(1)
        with pytest.raises(Transient):
            await look.once()
        cluster._versions = ahead
        await look.once()
    cluster._versions = itertools.count(1)
    for _ in range(OLDER_TIMES - 1):
        with pytest.raises(Transient):
            await look.once()


async def test_the_resync_lets_that_alone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modelbundle_operator.kube.resync.FIRST_RETRY_SECONDS", 0.01)
    cluster = FakeCluster()
    for _ in range(100):
        cluster.now()
    cache = ObjectCache()
    look = Resync(cluster, cache, lambda key: None, 0.01)
    await look.once()
    cluster._versions = itertools.count(1)
    with pytest.raises(Rewound):
        await asyncio.wait_for(look.run(), 60)


class Slow(FakeCluster):
    """Notes which lists are under way together; some are held up."""

    def __init__(self) -> None:
        super().__init__()
        self.under_way: list[str] = []
        self.together: list[set[str]] = []
        self.held: dict[str, asyncio.Event] = {}

    async def list(self, kind: str, *args: Any, **more: Any) -> Any:
        self.under_way.append(kind)
        self.together.append(set(self.under_way))
        await asyncio.sleep(0.001)
        if kind in self.held:
            await self.held[kind].wait()
        found = await super().list(kind, *args, **more)
        self.under_way.remove(kind)
        return found


async def test_the_first_one_lists_some_kinds_together_and_children_after_their_owners() -> None:
    cluster = Slow()
    look, _, _ = resync(cluster)
    await look.once()
    assert set.union(*cluster.together) == set(CACHED_KINDS)
    assert max(map(len, cluster.together)) == FIRST_LISTS
    assert not [kinds for kinds in cluster.together if kinds & set(OWN_KINDS) and kinds - set(OWN_KINDS)]


async def test_a_later_one_which_nobody_waits_for_lists_one_kind_after_the_other() -> None:
    cluster = Slow()
    look, _, _ = resync(cluster)
    await look.once()
    cluster.together.clear()
    await look.once()
    assert len(cluster.together) == len(CACHED_KINDS)
    assert max(map(len, cluster.together)) == 1


async def test_nothing_is_decided_before_the_slowest_of_the_first_lists_is_there() -> None:
    cluster = Slow()
    cluster.put(model_bundle())
    look, cache, woken = resync(cluster)
    slowest = cluster.held["Service"] = asyncio.Event()
    task = asyncio.create_task(look.once())
    while cluster.under_way != ["Service"] or "Pod" not in set.union(*cluster.together):  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    assert not cache.filled
    assert not woken
    slowest.set()
    await task
    assert cache.filled
    assert woken == [Key("models", "llama")]
