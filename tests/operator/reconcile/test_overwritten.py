"""Two operators that watch one namespace by mistake, each with words of its own, write ever more rarely."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.reconcile import overwritten
from modelbundle_operator.reconcile.bundle import Reconciler
from modelbundle_operator.reconcile.overwritten import ANSWERED_AT_ONCE, LONGEST_SECONDS, Overwritten
from modelbundle_operator.settings import Settings

from tests.operator.fake_cluster import FakeCluster
from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import START, model_bundle


class Both:
    """The second one allows fewer replicas than the bundle has. Each sees at once what the other one wrote."""

    def __init__(self) -> None:
        self.cluster, self.now = FakeCluster(), START
        self.caches = [ObjectCache(), ObjectCache()]
        self.looks = [
            Reconciler(self.cluster, cache, Settings(replicas_max=most), lambda: self.now)
            for cache, most in zip(self.caches, (10, 1), strict=True)
        ]
        self.cluster.put(model_bundle(serving={"replicas": 2}))

    async def look(self, which: int) -> None:
        self.cluster.deliver(self.caches[which])
        with contextlib.suppress(Transient):
            await self.looks[which](KEY)

    async def for_seconds(self, seconds: int) -> int:
        """How many writes of the status there were, with ten looks of each one in a second."""
        before = self.cluster.calls["apply", "ModelBundle"]
        for _ in range(10 * seconds):
            self.now += timedelta(seconds=0.1)
            await self.look(0)
            await self.look(1)
        return self.cluster.calls["apply", "ModelBundle"] - before


async def test_of_two_that_contradict_each_other_both_write_ever_more_rarely(caplog: pytest.LogCaptureFixture) -> None:
    both = Both()
    assert await both.for_seconds(10) <= 2 * (ANSWERED_AT_ONCE + 4)
    assert await both.for_seconds(60) <= 2 * 5
    assert caplog.text.count("is it an operator that watches this namespace too?") == 2, "each says so once"
    assert len([event for event in both.cluster.events if event["reason"] == "InvalidValue"]) < 15


async def test_when_the_other_one_has_gone_the_last_word_is_had_after_a_pause() -> None:
    both = Both()
    await both.for_seconds(20)
    await both.look(1)
    both.now += timedelta(seconds=LONGEST_SECONDS + 1)
    await both.look(0)
    (ready,) = (
        each
        for each in both.cluster.objects["ModelBundle", *KEY.place]["status"]["conditions"]
        if each["type"] == "Ready"
    )
    assert ready["reason"] != "InvalidValue"
    before = both.cluster.writes()
    await both.look(0)
    assert both.cluster.writes() == before


async def test_what_others_add_to_a_status_delays_nothing(served: World) -> None:
    """A condition of another controller, at each of its looks."""
    key = ("ModelBundle", *KEY.place)
    for number in range(3 * ANSWERED_AT_ONCE):
        theirs = {"type": "Scanned", "status": "True", "reason": "Clean", "message": str(number)}
        body = served.cluster.objects[key]
        metadata = {name: body["metadata"][name] for name in ("name", "namespace")}
        added = {"apiVersion": body["apiVersion"], "kind": "ModelBundle", "metadata": metadata}
        served.cluster.apply_as("scanner", {**added, "status": {"conditions": [theirs]}}, "status")
        replicas = number % 2
        served.cluster.edit("ModelBundle", KEY, lambda body: body["spec"].update(serving={"replicas": replicas}))  # noqa: B023
        await served.look()
        assert served.status()["observedGeneration"] == served.cluster.objects[key]["metadata"]["generation"]
    assert "Scanned" in {each["type"] for each in served.status()["conditions"]}


def test_what_is_remembered_is_bounded_and_goes_with_its_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overwritten, "MOST", 3)
    said = Overwritten()
    bodies = [{**model_bundle(f"b{number}"), "status": {"digest": "one"}} for number in range(5)]
    for body in bodies:
        said.written(body, {"digest": "one"}, body, START)
    assert [key.name for key in said._last] == ["b2", "b3", "b4"]
    for key in list(said._last):
        said.forget(key)
    assert said._last == {}
