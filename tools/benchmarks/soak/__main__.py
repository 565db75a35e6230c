"""`make soak`: minutes of mixed load with killed workers; exit code 1 when anything leaked, was wrong or unexplained.

Two servers: one whose worker answers requests on threads and streams, one whose worker takes batches. Workers are
killed at random until two fifths of the time are over; what is left shows the memory of one that lives.
Writes tools/benchmarks/results/soak.md and soak.json.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tools.benchmarks.harness.results import machine, publish
from tools.benchmarks.soak import bundles, clients, hostile
from tools.benchmarks.soak.connection import PATIENCE, Gone
from tools.benchmarks.soak.findings import judged
from tools.benchmarks.soak.ledger import Ledger
from tools.benchmarks.soak.page import page
from tools.benchmarks.soak.site import Site, value
from tools.benchmarks.soak.watch import Holds, Memory, holds
from tools.testkit.pair import Pair, code_bundle, stopping

KILLS_UNTIL = 0.4
SETTLE_SECONDS = 90.0  # the longest that a server waits for a client that does not read, and some more
Kind = Callable[[Site], Awaitable[None]]
# how many of each at once, and the seconds between two rounds of one
MIXED: list[tuple[Kind, int, float]] = [
    (clients.small, 4, 0.05),
    (clients.pipelined, 1, 0.05),
    (clients.large, 2, 0.3),
    (clients.tensors, 2, 0.1),
    (clients.v1, 1, 0.05),
    (clients.envelope, 1, 0.05),
    (clients.slow_up, 3, 0.1),
    (clients.slow_down, 2, 0.2),
    (clients.streamed, 3, 0.1),
    (clients.abandoned, 2, 0.2),
    (hostile.malformed, 1, 0.1),
    (hostile.no_json, 1, 0.1),
    (hostile.bad_fields, 1, 0.1),
    (hostile.bad_tensors, 1, 0.1),
    (hostile.raises, 1, 0.1),
    (hostile.bomb, 1, 1.0),
    (hostile.oversized, 1, 0.5),
    (hostile.unknown, 1, 0.2),
    (hostile.half_upload, 1, 0.2),
    (hostile.reset, 1, 0.2),
    (hostile.half_closed, 2, 0.1),
    (hostile.late, 1, 4.0),
    (hostile.burst, 1, 3.0),
]
BATCHES: list[tuple[Kind, int, float]] = [
    (clients.batched, 16, 0.02),
    (clients.batched_v1, 1, 0.2),
    (hostile.raises, 1, 0.1),
    (hostile.no_json, 1, 0.2),
    (hostile.bad_fields, 1, 0.2),
    (hostile.half_upload, 1, 0.5),
    (hostile.reset, 1, 0.2),
    (hostile.malformed, 1, 0.5),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--no-results", action="store_true", help="print only: for a run that is not to be recorded")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch, contextlib.ExitStack() as stack:
        pairs = [_pair(Path(scratch, name), *served) for name, served in SERVED.items()]
        for pair in pairs:
            stack.enter_context(stopping(pair)).start()
        result = asyncio.run(_soak(pairs, options.seconds))
    if options.no_results:
        print(page(result))
    else:
        publish("soak", result, page)
    return 1 if result["violations"] else 0


SERVED: dict[str, tuple[str, dict[str, Any], int]] = {
    "requests": (bundles.MIXED, bundles.MIXED_DOCUMENT, 8),
    "batches": (bundles.BATCHES, bundles.BATCHES_DOCUMENT, 1),
}


def _pair(root: Path, source: str, document: dict[str, Any], concurrency: int) -> Pair:
    code_bundle(root, source)
    return Pair(
        root,
        document,
        name=clients.MODEL,
        max_concurrency=concurrency,
        request_timeout_seconds=hostile.TIMEOUT_SECONDS,
    )


async def _soak(pairs: list[Pair], seconds: int) -> dict[str, Any]:
    load = os.getloadavg()[0]
    sites = [
        Site(name, pair, Ledger(hostile.TIMEOUT_SECONDS, sheds=name == "batches"))
        for name, pair in zip(SERVED, pairs, strict=True)
    ]
    loads = list(zip(sites, (MIXED, BATCHES), strict=True))
    for site, kinds in loads:
        for kind, _, _ in kinds:
            await _round(kind, site)
    before = {site.name: await _at_rest(site) for site in sites}
    memory = {
        f"{site.name} {role}": Memory(pid)
        for site in sites
        for role, pid in (("server", _pid(site, "server")), ("worker", _pid(site, "worker")))
    }
    watching = [asyncio.create_task(each.watch()) for each in memory.values()]
    end = time.monotonic() + seconds
    calm = end - seconds * (1 - KILLS_UNTIL)
    rounds = [
        _again(kind, site, pause, end) for site, kinds in loads for kind, number, pause in kinds for _ in range(number)
    ]
    mean = max(3.0, seconds / 40)
    kills = [site.kill_at_random(calm, mean, streams=site.name == "requests") for site in sites]
    telling = asyncio.create_task(_tell(sites, end))
    await asyncio.gather(*rounds, *kills)
    for task in (*watching, telling):
        task.cancel()
    await asyncio.gather(*watching, telling, return_exceptions=True)
    after = {site.name: await _at_rest(site) for site in sites}
    result = await judged(sites, before, after, memory)
    return {"seconds": seconds, "loadBefore": round(load, 1), "versions": machine(), **result}


def _pid(site: Site, role: str) -> Callable[[], int]:
    return lambda: int(getattr(site.pair, f"{role}_pid"))


async def _again(kind: Kind, site: Site, pause: float, end: float) -> None:
    await asyncio.sleep(random.random())
    while time.monotonic() < end:
        await _round(kind, site)
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))


async def _round(kind: Kind, site: Site) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await kind(site)
    except (Gone, OSError, TimeoutError) as error:
        site.ledger.violation(kind.__name__, f"no answer: {type(error).__name__} {error}")


async def _at_rest(site: Site) -> dict[str, Holds]:
    """What both processes hold once no client is there any more."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while time.monotonic() < deadline:
        metrics = await site.metrics()
        if all(value(metrics, f"modelbundle_{name}") == most for name, most in AT_REST.items()):
            break
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.5)  # the connection of the question itself
    return {"server": holds(site.pair.server_pid), "worker": holds(site.pair.worker_pid)}


AT_REST = {"requests_in_flight": 0, "queue_depth": 0, "connections": 1}


async def _tell(sites: list[Site], end: float) -> None:
    while True:
        await asyncio.sleep(15)
        parts = (f"{site.name} {site.ledger.counted.total()} answers {site.kills} kills" for site in sites)
        wrong = sum(site.ledger.wrong for site in sites)
        print(
            f"{max(0.0, end - time.monotonic()):4.0f} s left: {', '.join(parts)}, {wrong} wrong",
            file=sys.stderr,
            flush=True,
        )


if __name__ == "__main__":
    sys.exit(main())
