"""The operator's own probes can fail, and its metrics say what it did."""

from __future__ import annotations

from aiohttp.test_utils import TestClient, TestServer
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue
from modelbundle_operator.telemetry.metrics import Metrics
from modelbundle_operator.telemetry.probes import Probes, not_longer_than

from tools.testkit.cluster_objects import model_bundle


async def test_healthz_fails_once_a_reconcile_hangs_and_readyz_until_the_cache_is_filled() -> None:
    age, cache = 1.0, ObjectCache()
    probes = Probes(
        alive=(not_longer_than("a reconcile has been running", lambda: age, 60),),
        ready=(lambda: None if cache.filled else "the cache is not filled yet",),
        metrics=Metrics(),
    )
    async with TestClient(TestServer(probes.application())) as client:
        assert (await client.get("/healthz")).status == 200
        age = 61.0
        hangs = await client.get("/healthz")
        assert (hangs.status, await hangs.text()) == (503, "a reconcile has been running: 61 s, more than 60 s")
        assert (await client.get("/readyz")).status == 503
        cache.filled = True
        assert (await client.get("/readyz")).status == 200


async def test_metrics_show_the_queue_the_cache_and_the_calls() -> None:
    metrics, cache, queue = Metrics(), ObjectCache(), WorkQueue()
    counters = queue.counters
    metrics.watch_queue(
        queue.__len__, queue.longest_unfinished_seconds, lambda: counters.adds, lambda: counters.retries
    )
    metrics.watch_cache(cache.sizes, cache.readiness)
    queue.add(Key("models", "a"))
    cache.observe("ModelBundle", "ADDED", {**model_bundle(), "status": {}})
    metrics.called("apply", "Service")
    metrics.reconciled("done", 0.02)
    page = metrics.exposition().decode()
    for line in (
        "modelbundle_operator_workqueue_depth 1.0",
        "modelbundle_operator_workqueue_adds_total 1.0",
        'modelbundle_operator_mirror_objects{kind="ModelBundle"} 1.0',
        'modelbundle_operator_bundles{reason="Unknown"} 1.0',
        'modelbundle_operator_api_calls_total{kind="Service",verb="apply"} 1.0',
        'modelbundle_operator_reconcile_total{result="done"} 1.0',
        'modelbundle_operator_reconcile_seconds_bucket{le="0.025"} 1.0',
    ):
        assert line in page.splitlines()
    assert metrics.calls() == {("apply", "Service"): 1}
