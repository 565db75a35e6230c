"""Whatever the operator fails at says so itself, and the others are served."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from modelbundle_operator.errors import Transient
from modelbundle_operator.loop.controller import Outcome
from modelbundle_operator.loop.key import Key
from modelbundle_operator.loop.last_resort import InternalError, guarded
from modelbundle_operator.reconcile import bundle

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle


class PanicException(BaseException):
    """As a panic of a Rust library comes to Python: no Exception."""


FAULTS: list[BaseException] = [
    RuntimeError("what nobody thought of"),
    RecursionError("maximum recursion depth exceeded"),
    MemoryError(),
    PanicException("index out of bounds"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_the_object_says_what_the_operator_failed_at(
    fault: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(model_bundle())
    await world.look()
    await world.look()
    before = world.status()

    def fail(*_: Any) -> Any:
        raise fault

    with monkeypatch.context() as broken:
        broken.setattr(bundle, "resolve", fail)
        with pytest.raises(InternalError, match=type(fault).__name__):
            await guarded(world.reconcile, KEY)
    assert world.ready() == ("False", "InternalError")
    assert world.status()["digest"] == before["digest"], "what a clone was resolved to stands in its status alone"
    assert type(fault).__name__ in world.condition("Ready")["message"]
    world.rolled_out()
    await world.look()
    assert world.ready() != ("False", "InternalError"), "it heals"


async def test_a_fault_in_telling_it_is_no_other_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(model_bundle())
    world.cluster.deliver(world.cache)

    def fail(*_: Any, **__: Any) -> Any:
        raise PanicException("again")

    monkeypatch.setattr(bundle, "resolve", fail)
    monkeypatch.setattr(bundle, "summarise", fail)
    with pytest.raises(InternalError, match="PanicException: again"):
        await guarded(world.reconcile, KEY)


@pytest.mark.parametrize("meant", [Transient("later"), TimeoutError(), asyncio.CancelledError(), SystemExit(0)])
async def test_what_is_meant_passes(meant: BaseException) -> None:
    class Raises:
        async def __call__(self, key: Key) -> Outcome:
            raise meant

        async def report_internal_error(self, key: Key, text: str) -> None:
            raise AssertionError("nothing failed")

    with pytest.raises(type(meant)):
        await guarded(Raises(), KEY)
