"""Several who make the same bundle at once all have it, and it is made once: as if one had come after the other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from bundle_spec.names import CREATED_AT
from launch import LaunchClient
from launch.errors import APIError
from tests.launch.bad_calls import GOOD
from tests.launch.world import World
from tools.testkit.stand_in_api import BUNDLES, ENDPOINTS

CALLERS, ROUNDS = 4, 30


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call returned; what one of them raises is raised."""
    gate = threading.Barrier(len(calls))

    def one(call: Callable[[], Any]) -> Any:
        gate.wait(60)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.mark.parametrize("clients", [1, CALLERS])
def test_the_same_bundle(world: World, clients: int) -> None:
    made_by = [LaunchClient(api_key=None) for _ in range(clients)]
    for turn in range(ROUNDS):
        wanted = {**GOOD, "model_bundle_name": f"b{turn}"}
        made = at_once([partial(made_by[n % clients].create_model_bundle, **wanted) for n in range(CALLERS)])
        assert len({bundle.id for bundle in made}) == len({bundle.digest for bundle in made}) == 1
        assert len(world.api.created) == turn + 1
    files = [path for path in world.artifacts.rglob("*") if path.is_file()]
    assert len(files) == 1, "the same content, whatever it is called"


def test_the_same_clone(world: World) -> None:
    base = world.client.create_model_bundle(**GOOD)
    for turn in range(ROUNDS):
        made = at_once([partial(world.client.clone_model_bundle_with_changes, base, {"turn": turn})] * CALLERS)
        assert len({bundle.id for bundle in made}) == 1
        assert len(world.api.created) == turn + 2


class Other:
    """Another client, which does something at a chosen moment: between two of its requests."""

    def __init__(self, world: World, moment: str, does: Callable[[], object], times: int = 1) -> None:
        self.world, self.moment, self.does, self.left = world, moment, does, times
        world.api.meanwhile = self

    def __call__(self, method: str, path: str) -> None:
        if method == self.moment and self.left and path.startswith((BUNDLES, ENDPOINTS)):
            self.left -= 1
            self.world.api.meanwhile = lambda method, path: None
            try:
                self.does()
            finally:
                self.world.api.meanwhile = self


@pytest.mark.parametrize("moment", ["DRY RUN", "POST"])
def test_another_client_is_faster(world: World, moment: str) -> None:
    theirs: list[Any] = []
    Other(world, moment, lambda: theirs.append(LaunchClient(api_key=None).create_model_bundle(**GOOD)))
    ours = world.client.create_model_bundle(**GOOD)
    assert [bundle.id for bundle in theirs] == [ours.id]
    assert len(world.api.created) == 1
    renewed = world.api.objects[f"{BUNDLES}/{ours.id}"]["metadata"]["annotations"]
    assert int(renewed[CREATED_AT]) > int(world.api.created[0]["metadata"]["annotations"][CREATED_AT])


def test_another_client_deletes_it_when_it_was_just_found(world: World) -> None:
    first = world.client.create_model_bundle(**GOOD)
    Other(world, "PATCH", lambda: world.client.connection.delete(str(first.id)))
    assert world.client.create_model_bundle(**GOOD).id == first.id
    assert len(world.api.created) == 2


def test_who_is_always_too_late_is_told(world: World) -> None:
    """Made for each of our creations, and gone for each of our reads: it ends all the same."""
    place = f"{BUNDLES}/{world.client.create_model_bundle(**GOOD).id}"
    there = world.api.objects.pop(place)

    def against_us(method: str, path: str) -> None:
        world.api.objects.pop(place, None)
        if method != "GET":
            world.api.objects[place] = there

    world.api.meanwhile = against_us
    with pytest.raises(APIError) as late:
        world.client.create_model_bundle(**GOOD)
    assert late.value.reason == "AlreadyExists"


def test_an_endpoint_that_is_there_meanwhile_is_edited_where_that_was_asked_for(world: World) -> None:
    bundle = world.client.create_model_bundle(**GOOD)
    wanted = {"endpoint_name": "e", "model_bundle": bundle, "gpus": 0, "cpus": 1, "memory": "1Gi", "storage": "1Gi"}
    for update, moment in ((True, "DRY RUN"), (True, "POST"), (False, "DRY RUN"), (False, "POST")):
        Other(world, moment, lambda: LaunchClient(api_key=None).create_model_endpoint(**wanted))
        if update:
            changed = {**wanted, "memory": "2Gi"}
            assert world.client.create_model_endpoint(**changed, update_if_exists=True).model_endpoint.name == "e"
            serving = world.api.objects[f"{BUNDLES}/{bundle.id}"]["spec"]["serving"]
            assert serving["resources"]["memory"] == "2Gi"
        else:
            with pytest.raises(APIError, match="already exists"):
                world.client.create_model_endpoint(**wanted)
        world.api.meanwhile = lambda method, path: None
        world.client.delete_model_endpoint("e")
