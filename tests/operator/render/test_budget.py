"""A bundle with several pods has a budget for drains, and what serves is rendered as without it."""

from __future__ import annotations

from typing import Any

import pytest
from modelbundle_operator.api.names import parse
from modelbundle_operator.bundle.resolve import resolve
from modelbundle_operator.render.budget import budget
from modelbundle_operator.render.deployment import inputs_hash

from tools.testkit.cluster_objects import model_bundle


def made(**serving: Any) -> dict[str, Any] | None:
    bundle = parse(model_bundle(serving=serving))
    return budget(bundle, resolve(bundle))


def test_it_selects_the_pods_of_the_bundle_and_stops_no_drain_for_ever() -> None:
    found = made(replicas=2)
    assert found is not None
    assert found["spec"] == {
        "maxUnavailable": "10%",
        "selector": {"matchLabels": {"modelbundle.dev/bundle": "llama"}},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    assert (found["metadata"]["name"], found["metadata"]["ownerReferences"][0]["kind"]) == ("llama", "ModelBundle")


@pytest.mark.parametrize("serving", [{}, {"replicas": 1}, {"replicas": 0}, {"replicas": 3, "disruptionBudget": False}])
def test_others_have_none(serving: dict[str, Any]) -> None:
    assert made(**serving) is None


def test_the_switch_restarts_no_model() -> None:
    bundles = [parse(model_bundle(serving=serving)) for serving in ({}, {"disruptionBudget": False})]
    hashes = {inputs_hash(bundle, resolve(bundle)) for bundle in bundles}
    assert len(hashes) == 1
