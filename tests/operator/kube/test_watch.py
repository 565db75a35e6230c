"""Whom an event of the watch wakes."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.kube.cache import Mirror
from modelbundle_operator.kube.watch import watcher
from modelbundle_operator.loop.key import Key

BUNDLE, ENDPOINT = Key("models", "stable", "ModelBundle"), Key("models", "stable", "ModelEndpoint")


@pytest.mark.parametrize(
    ("kind", "woken"), [("Service", {BUNDLE, ENDPOINT}), ("Deployment", set()), ("ConfigMap", set())]
)
async def test_the_echo_of_a_write_is_news_only_to_another_owner_of_the_name(kind: str, woken: set[Key]) -> None:
    """A bundle and an endpoint applied at once both write the Service, and the later write wins."""
    mirror, keys = Mirror(), set[Key]()
    body: dict[str, Any] = {
        "kind": kind,
        "metadata": {"namespace": "models", "name": "stable", "resourceVersion": "7"},
    }
    mirror.record(body)
    await watcher(kind, mirror, keys.add)(event={"type": "MODIFIED", "object": body})
    assert keys == woken
