"""The Lease in the API, and operators that share it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from modelbundle_operator.errors import Conflict
from modelbundle_operator.kube.lease import LEASE_NAME, LeaseStore
from modelbundle_operator.loop.leader import Leader

from tests.operator.contract import AnyCluster


async def test_a_lease_is_written_to_the_version_that_was_read(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    one, other = LeaseStore(cluster, namespace), LeaseStore(cluster, namespace)
    assert await one.read() is None
    first = await one.create("one")
    with pytest.raises(Conflict):
        await other.create("other")
    seen = await other.read()
    assert seen == first
    renewed = await one.renew(first)
    with pytest.raises(Conflict):
        await other.take(first, "other")
    await one.release(renewed)
    free = await other.read()
    assert free is not None
    assert (free.holder, free.acquired) == ("", first.acquired)
    taken = await other.take(free, "other")
    assert (taken.holder, taken.transitions) == ("other", 1)
    with pytest.raises(Conflict):
        await one.renew(renewed)


async def test_a_lease_of_somebody_else_with_the_most_transitions_can_be_taken(api: tuple[AnyCluster, str]) -> None:
    """The field is of 32 bits, and the API server refuses more."""
    cluster, namespace = api
    metadata = {"name": LEASE_NAME, "namespace": namespace}
    spec = {"holderIdentity": "a stranger", "leaseTransitions": 2**31 - 1, "renewTime": "9999-12-31T23:59:59.000000Z"}
    await cluster.create({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec})
    leases = LeaseStore(cluster, namespace)
    found = await leases.read()
    assert found is not None
    taken = await leases.take(found, "one")
    assert (taken.holder, taken.transitions) == ("one", 2**31 - 1)


async def test_of_two_candidates_one_leads_and_the_other_follows_when_it_ends(api: tuple[AnyCluster, str]) -> None:
    cluster, namespace = api
    working: list[str] = []
    leaders = {name: _candidate(cluster, namespace, name, working) for name in ("one", "other")}
    tasks = {name: asyncio.create_task(leader.run()) for name, leader in leaders.items()}
    try:
        await _until(lambda: len(working) == 1)
        await asyncio.sleep(1)
        first = working[0]
        second = "other" if first == "one" else "one"
        assert working == [first]
        assert [leaders[name].tenure.held() for name in (first, second)] == [True, False]
        tasks[first].cancel()
        await asyncio.wait({tasks[first]})
        await _until(lambda: working == [second])
        assert [leaders[name].tenure.held() for name in (first, second)] == [False, True]
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.wait(tasks.values())


def _candidate(cluster: AnyCluster, namespace: str, name: str, working: list[str]) -> Leader:
    async def work() -> None:
        working.append(name)
        try:
            await asyncio.sleep(3600)
        finally:
            working.remove(name)

    return Leader(LeaseStore(cluster, namespace), name, work)


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
