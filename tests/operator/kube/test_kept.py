"""An object comes back from the cache as it went in, and lies there in a fraction of its text."""

from __future__ import annotations

import json
from typing import Any

from modelbundle_operator.judge.bodies import observe_pod
from modelbundle_operator.kube.kept import body_of, keep, pod_of
from modelbundle_operator.kube.kinds import CHILD_KINDS

from tests.operator.world import KEY, World
from tools.testkit.cluster_objects import model_bundle, serving_pod

Body = dict[str, Any]


async def test_a_child_comes_back_whole_and_lies_there_in_half_of_its_text_at_most() -> None:
    """What is written back is made of it, managedFields and all."""
    world = World(model_bundle())
    await world.look()
    for kind in CHILD_KINDS:
        body = world.cluster.objects[kind, *KEY.place]
        kept = keep(kind, body)
        assert body_of(kept) == body
        assert isinstance(kept.body, bytes)
        assert 2 * len(kept.body) <= len(json.dumps(body)), kind


def test_a_bundle_comes_back_without_managed_fields() -> None:
    spec = {"bundle": {"appConfig": {"a": [[], {}, "é", "\ud800", 1.5, None]}}, "serving": {}}
    body = model_bundle() | {"spec": spec}
    body["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    found = body_of(keep("ModelBundle", body))
    assert found is not None
    assert found["spec"] == spec
    assert "managedFields" not in found["metadata"]


def test_ready_is_known_without_a_look_at_the_object() -> None:
    said = {"conditions": [{"type": "Available", "reason": "No"}, {"type": "Ready", "reason": "Stored"}]}
    assert keep("ModelBundle", model_bundle() | {"status": said}).ready == "Stored"
    assert keep("ModelBundle", model_bundle()).ready == "Unknown"


def test_of_a_pod_what_is_observed_is_kept() -> None:
    pod = serving_pod()
    assert pod_of(keep("Pod", pod)) == observe_pod(pod)
