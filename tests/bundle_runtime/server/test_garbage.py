"""Garbage is collected while there are few connections, and not for a little of it."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from bundle_runtime.server import garbage


class Each:
    """Refers to itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _no_other_looks() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize(
    ("objects", "connections", "stays"),
    [
        (garbage.SOME_OBJECTS, garbage.FEW_CONNECTIONS, False),
        (garbage.SOME_OBJECTS, garbage.FEW_CONNECTIONS + 1, True),
        (garbage.SOME_OBJECTS // 2, 0, True),
    ],
)
def test_when_there_is_little_to_look_at(objects: int, connections: int, stays: bool) -> None:
    kept = [[] for _ in range(objects)]
    found = weakref.ref(Each())
    garbage.look(connections)
    assert (found() is not None) == stays
    assert len(kept) == objects
