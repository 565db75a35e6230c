"""Which keys an event of the watch wakes."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.watch import taker
from modelbundle_operator.loop.key import Key

BUNDLE, ENDPOINT = Key("models", "stable", "ModelBundle"), Key("models", "stable", "ModelEndpoint")


@pytest.mark.parametrize(
    ("kind", "woken"), [("Service", {BUNDLE, ENDPOINT}), ("Deployment", set()), ("ConfigMap", set())]
)
def test_the_echo_of_a_write_wakes_only_another_owner_of_the_name(kind: str, woken: set[Key]) -> None:
    """A bundle and an endpoint applied at once both write the Service, and the later write wins."""
    cache, keys = ObjectCache(), set[Key]()
    body: dict[str, Any] = {
        "kind": kind,
        "metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"},
    }
    cache.record(body)
    taker(cache, keys.add)(kind, "MODIFIED", body)
    assert keys == woken


@pytest.mark.parametrize(("event", "room"), [("DELETED", ["models"]), ("MODIFIED", [])])
def test_a_child_that_goes_is_room_in_its_namespace(event: str, room: list[str]) -> None:
    body: dict[str, Any] = {"metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"}}
    heard: list[str] = []
    cache = ObjectCache()
    taker(cache, lambda _: None, heard.append)("Service", event, body)
    assert heard == room
