"""Which keys an event of the watch wakes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from modelbundle_operator.kube.backlog import Backlog
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.watch import make_handler
from modelbundle_operator.kube.watch_session import seen_event
from modelbundle_operator.loop.key import Key

BUNDLE, ENDPOINT = Key("models", "stable", "ModelBundle"), Key("models", "stable", "ModelEndpoint")


def seen(kind: str, event: str, body: dict[str, Any]) -> Any:
    """The event as kopf has it."""
    line = json.dumps({"type": event, "object": body}).encode()
    return json.loads(seen_event(kind, line, lambda kind, body: True) or b"")


@pytest.mark.parametrize(
    ("kind", "woken"), [("Service", {BUNDLE, ENDPOINT}), ("Deployment", set()), ("ConfigMap", set())]
)
async def test_the_echo_of_a_write_wakes_only_another_owner_of_the_name(kind: str, woken: set[Key]) -> None:
    """A bundle and an endpoint applied at once both write the Service, and the later write wins."""
    cache, keys = ObjectCache(), set[Key]()
    body: dict[str, Any] = {
        "kind": kind,
        "metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"},
    }
    cache.record(body)
    await make_handler(kind, cache, keys.add, Backlog())(event=seen(kind, "MODIFIED", body))
    assert keys == woken


@pytest.mark.parametrize(("event", "room"), [("DELETED", ["models"]), ("MODIFIED", [])])
async def test_a_child_that_goes_is_room_in_its_namespace(event: str, room: list[str]) -> None:
    body: dict[str, Any] = {"metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"}}
    heard: list[str] = []
    cache = ObjectCache()
    await make_handler("Service", cache, lambda _: None, Backlog(), heard.append)(event=seen("Service", event, body))
    assert heard == room
