"""A look at everything repairs what can be listed, whatever cannot."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.errors import Refused
from modelbundle_operator.kube.resync import Resync
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
