"""Creates the bundles of a case and sees when each is there, has its pods' word, and is Ready."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from tools.benchmarks.operator.cases import Case
from tools.testkit.rest import Api, ApiError

Body = dict[str, Any]
Place = tuple[str, str]

TOGETHER = 8  # creations at the same time, at full rate


@dataclass
class Seen:
    """Moments in seconds since the epoch."""

    created: dict[Place, float] = field(default_factory=dict)
    ready: dict[Place, float] = field(default_factory=dict)
    began: float = 0.0
    all_created: float = 0.0

    def to_ready(self) -> list[float]:
        return sorted(self.ready[place] - at for place, at in self.created.items() if place in self.ready)

    def rate(self) -> float:
        """Bundles a second from the first creation to the last that is Ready."""
        return len(self.ready) / (max(self.ready.values()) - self.began) if self.ready else 0.0


async def namespaces(api: Api, case: Case) -> None:
    for name in case.namespaces:
        await api.create("namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    for name in case.namespaces:  # pods are refused before
        where = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        while await api.call("GET", where, absent=True) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def run(api: Api, case: Case, limit: float, check: Callable[[], None]) -> Seen:
    """Until every bundle is Ready, or for so long; `check` raises when the process has ended."""
    seen = Seen()
    done = asyncio.Event()
    _, version = await api.list("modelbundles", limit="1")
    watcher = asyncio.create_task(_watch(api, version, case.size, seen, done))
    seen.began = time.time()
    try:
        async with asyncio.timeout(limit):
            await _create(api, case, seen)
            seen.all_created = time.time()
            while not done.is_set():
                check()
                with suppress(TimeoutError):
                    await asyncio.wait_for(done.wait(), 1)
    except TimeoutError:
        pass
    finally:
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
    return seen


async def _create(api: Api, case: Case, seen: Seen) -> None:
    bundles = iter(list(case.bundles()))
    if case.kind == "family":  # or the clones would wait for their base, each for its own time
        await _one(api, next(bundles), seen)
    began = time.monotonic()
    if case.per_second is None:

        async def some() -> None:
            for body in bundles:
                await _one(api, body, seen)

        await asyncio.gather(*(some() for _ in range(TOGETHER)))
        return
    async with asyncio.TaskGroup() as group:
        for number, body in enumerate(bundles):
            await asyncio.sleep(max(0.0, began + number / case.per_second - time.monotonic()))
            group.create_task(_one(api, body, seen))


async def _one(api: Api, body: Body, seen: Seen) -> None:
    metadata = body["metadata"]
    await api.create("modelbundles", body, metadata["namespace"])
    seen.created[metadata["namespace"], metadata["name"]] = time.time()


async def _watch(api: Api, version: str, size: int, seen: Seen, done: asyncio.Event) -> None:
    while True:
        with suppress(ApiError, OSError):
            async for event in api.watch("modelbundles", version):
                if event["type"] == "ERROR":
                    raise RuntimeError(f"the watch that measures ended: {event['object']}")
                metadata = event["object"]["metadata"]
                version = metadata["resourceVersion"]
                if event["type"] != "BOOKMARK" and _ready(event["object"]):
                    seen.ready.setdefault((metadata["namespace"], metadata["name"]), time.time())
                    if len(seen.ready) == size:
                        done.set()
        await asyncio.sleep(0.1)


def _ready(bundle: Body) -> bool:
    conditions = (bundle.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
