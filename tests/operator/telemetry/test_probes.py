"""The operator's own probes can fail, and its metrics say what it did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.workqueue import WorkQueue
from modelbundle_operator.telemetry.metrics import Metrics
from modelbundle_operator.telemetry.probes import MOST_CONNECTIONS, Probes, not_longer_than

from tools.testkit.cluster_objects import model_bundle


@asynccontextmanager
async def served(probes: Probes) -> AsyncIterator[tuple[str, int]]:
    runner = await probes.serve(0, "127.0.0.1")
    try:
        yield runner.addresses[0]
    finally:
        await runner.cleanup()


async def asked(address: tuple[str, int], path: str) -> tuple[int, str]:
    """As a kubelet does: over a connection of its own."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{address[0]}:{address[1]}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_healthz_fails_once_a_reconcile_hangs_and_readyz_until_the_cache_is_filled() -> None:
    age, cache = 1.0, ObjectCache()
    probes = Probes(
        alive=(not_longer_than("a reconcile has been running", lambda: age, 60),),
        ready=(lambda: None if cache.filled else "the cache is not filled yet",),
        metrics=Metrics(),
    )
    async with served(probes) as address:
        assert await asked(address, "/healthz") == (200, "ok")
        age = 61.0
        assert await asked(address, "/healthz") == (503, "a reconcile has been running: 61 s, more than 60 s")
        assert (await asked(address, "/readyz"))[0] == 503
        cache.filled = True
        assert (await asked(address, "/readyz"))[0] == 200
        assert "modelbundle_operator_" in (await asked(address, "/metrics"))[1]
        assert (await asked(address, "/"))[0] == 404


async def test_connections_that_ask_for_nothing_keep_no_probe_waiting_and_are_bounded() -> None:
    probes = Probes(alive=(), ready=(), metrics=Metrics())
    async with served(probes) as address, AsyncExitStack() as stack, asyncio.timeout(60):
        opened = []
        for _ in range(3 * MOST_CONNECTIONS):
            reader, writer = await asyncio.open_connection(*address)
            stack.callback(writer.close)
            opened.append(reader)
            if len(opened) % MOST_CONNECTIONS == 0:
                assert await asked(address, "/healthz") == (200, "ok")
        oldest, newest = opened[:MOST_CONNECTIONS], opened[-1]
        assert {await reader.read() for reader in oldest} == {b""}, "they were closed"
        assert not newest.at_eof()


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
        'modelbundle_operator_cached_objects{kind="ModelBundle"} 1.0',
        'modelbundle_operator_bundles{reason="Unknown"} 1.0',
        'modelbundle_operator_api_calls_total{kind="Service",verb="apply"} 1.0',
        'modelbundle_operator_reconcile_total{result="done"} 1.0',
        'modelbundle_operator_reconcile_seconds_bucket{le="0.025"} 1.0',
    ):
        assert line in page.splitlines()
    assert metrics.calls() == {("apply", "Service"): 1}
