"""A full Service range on a real API server: what is stored needs none of it, what is to serve says so, and heals.

On a control plane of its own; `make soak` does it with 1,500 bundles on a /22 (MODELBUNDLE_SOAK=1).
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tools.benchmarks.operator import load
from tools.benchmarks.operator.audit import Audit, counts, writes
from tools.benchmarks.operator.cases import Case
from tools.benchmarks.operator.process import Measured, operator
from tools.testkit.control_plane import Site, site
from tools.testkit.rest import Api, ApiError
from tools.testkit.soak import SOAK

Body = dict[str, Any]

PREFIX, STORED = ("22", 1500) if SOAK else ("28", 20)  # more than there are addresses
SAID_WITHIN = 10.0
QUIET_SECONDS = 5.0

pytestmark = [
    pytest.mark.undisturbed,
    pytest.mark.skipif(bool(os.environ.get("CLUSTER")), reason="CLUSTER is set: needs a control plane of its own"),
    pytest.mark.skipif(os.geteuid() != 0, reason="this user is not root, who alone can start a control plane"),
    pytest.mark.timeout(900),
]


class World(NamedTuple):
    api: Api
    audit: Audit
    process: Measured


async def test_what_is_stored_needs_no_address_and_what_serves_says_that_there_is_none(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stored, serves = Case("stored", STORED), Case("serving", 1)
    name, namespace = "b-00000", "full"
    with site("full-range", "--service-prefix", PREFIX) as cluster:
        async with _operator(cluster, tmp_path) as world:
            await load.namespaces(world.api, stored)
            seen = await load.run(world.api, stored, 300, world.process.check)
            assert len(seen.ready) == STORED
            await world.api.create("namespaces", _named("Namespace", namespace))
            filled = await _fill(world.api, namespace)
            assert filled < STORED

            (bundle,) = serves.bundles()
            bundle["metadata"]["namespace"] = namespace
            began = time.monotonic()
            await world.api.create("modelbundles", bundle, namespace)
            said = await _until(lambda: _says(world.api, namespace, name, "range is full"), 60)
            took = time.monotonic() - began
            assert took < SAID_WITHIN, said
            assert await world.api.get("services", namespace, name) is None

            await world.api.delete("services", namespace, "other-0")
            await _until(lambda: world.api.get("deployments", namespace, name), 120)
            await _until(lambda: world.api.get("services", namespace, name), 30)
            await _until(lambda: _not_said(world.api, namespace, name, "range is full"), 30)

            await asyncio.to_thread(world.process.until_idle, 60)
            world.audit.mark()
            await asyncio.sleep(QUIET_SECONDS)
            calls = world.audit.calls("range-operator")
            assert writes(calls) == 0, counts(calls)
    record_property("measured", f"{STORED} stored bundles Ready on a /{PREFIX}; the full range said after {took:.1f} s")


@asynccontextmanager
async def _operator(cluster: Site, root: Path) -> AsyncIterator[World]:
    async with await Api.connect(cluster.kubeconfig("range-user")) as api:
        with operator(cluster.kubeconfig("range-operator"), root) as process:
            yield World(api, Audit(cluster.audit_log), process)


def _named(kind: str, name: str) -> Body:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}


async def _fill(api: Api, namespace: str) -> int:
    """Services until the API server has no address left; how many that took."""
    for number in itertools.count():
        body = {**_named("Service", f"other-{number}"), "spec": {"ports": [{"port": 80}]}}
        try:
            await api.create("services", body, namespace)
        except ApiError as error:
            if "range is full" not in error.text:
                raise
            return number
    raise AssertionError("unreachable")


async def _says(api: Api, namespace: str, name: str, words: str) -> str:
    """The messages of its conditions when they have these words."""
    bundle = await api.get("modelbundles", namespace, name) or {}
    messages = " ".join(each["message"] for each in bundle.get("status", {}).get("conditions") or [])
    return messages if words in messages else ""


async def _not_said(api: Api, namespace: str, name: str, words: str) -> bool:
    return not await _says(api, namespace, name, words)


async def _until(look: Callable[[], Any], limit: float) -> Any:
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if found := await look():
            return found
        await asyncio.sleep(0.2)
    raise TimeoutError(f"not within {limit:g} s")
