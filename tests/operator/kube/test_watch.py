"""Which keys an event of the watch wakes."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube.cache import ObjectCache
from modelbundle_operator.kube.watch import taker
from modelbundle_operator.loop.key import Key

from tools.testkit.cluster_objects import serving_pod

BUNDLE, ENDPOINT = Key("models", "stable", "ModelBundle"), Key("models", "stable", "ModelEndpoint")


@pytest.mark.parametrize("writer", [BUNDLE, ENDPOINT])
@pytest.mark.parametrize("kind", ["Service", "Deployment", "ConfigMap"])
def test_the_echo_of_a_write_wakes_only_another_owner_of_the_name(kind: str, writer: Key) -> None:
    """A bundle and an endpoint applied at once both write the Service, and the later write wins."""
    cache, keys = ObjectCache(), set[Key]()
    name = {"namespace": "models", "name": "stable"}
    for own in (BUNDLE, ENDPOINT):
        cache.record({"kind": own.kind, "metadata": {**name, "uid": f"uid-of-{own.kind}", "resourceVersion": "1"}})
    owner = {"kind": writer.kind, "uid": f"uid-of-{writer.kind}", "controller": True}
    body: dict[str, Any] = {"kind": kind, "metadata": {**name, "resourceVersion": "7", "ownerReferences": [owner]}}
    cache.record(body)
    taker(cache, keys.add)(kind, "MODIFIED", body)
    assert keys == ({BUNDLE, ENDPOINT} - {writer} if kind == "Service" else set())


def test_the_echo_of_a_write_wakes_no_other_owner_where_there_is_none() -> None:
    cache, keys = ObjectCache(), set[Key]()
    cache.record({"kind": "ModelBundle", "metadata": {"namespace": "models", "name": "stable", "uid": "u"}})
    owner = {"kind": "ModelBundle", "uid": "u", "controller": True}
    metadata = {"namespace": "models", "name": "stable", "resourceVersion": "7", "ownerReferences": [owner]}
    for event in ("ADDED", "MODIFIED"):
        taker(cache, keys.add)("Service", event, {"kind": "Service", "metadata": metadata})
        assert keys == ({BUNDLE, ENDPOINT} if event == "ADDED" else set())
        keys.clear()


def test_an_event_that_says_nothing_new_of_a_pod_wakes_nobody() -> None:
    cache, keys = ObjectCache(), set[Key]()
    cache.record({"kind": "ModelBundle", "metadata": {"namespace": "models", "name": "llama", "uid": "u"}})
    pod = serving_pod()
    woken = []
    for version, change in enumerate(({}, {"podIP": "10.0.0.1"}, {"reason": "Evicted", "message": "no room"}), start=2):
        pod["metadata"]["resourceVersion"] = str(version)
        pod["status"] |= change
        taker(cache, keys.add)("Pod", "MODIFIED", pod)
        woken.append(bool(keys))
        keys.clear()
    assert woken == [True, False, True]


@pytest.mark.parametrize(("event", "room"), [("DELETED", ["models"]), ("MODIFIED", [])])
def test_a_child_that_goes_is_room_in_its_namespace(event: str, room: list[str]) -> None:
    body: dict[str, Any] = {"metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"}}
    heard: list[str] = []
    cache = ObjectCache()
    taker(cache, lambda _: None, heard.append)("Service", event, body)
    assert heard == room
