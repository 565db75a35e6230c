"""What the stories of these files begin with."""

from __future__ import annotations

import pytest

from tests.operator.town import Town, endpoint
from tests.operator.world import World
from tools.testkit.cluster_objects import model_bundle, serving_pod


@pytest.fixture
async def town() -> Town:
    """An endpoint that v1 answers for."""
    town = Town(endpoint("v1"))
    town.bundle("v1")
    await town.look()
    assert town.said() == ("True", "Serving")
    return town


@pytest.fixture
async def served() -> World:
    """A bundle that serves."""
    world = World(model_bundle())
    await world.look()
    world.rolled_out(serving_pod())
    await world.look()
    assert world.ready() == ("True", "Serving")
    return world
