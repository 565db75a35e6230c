"""Fields of an affinity that a pod does not have are named, and what is too much of it."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_spec.admission import refusals
from bundle_spec.affinity import check_affinity
from tools.testkit.model_bundles import model_bundle
from tools.testkit.pod_corpus import NODES

REQUIRED, PREFERRED = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
TERM = {
    "labelSelector": {"matchLabels": {"modelbundle.dev/bundle": "a", "anything": "b"}, "matchExpressions": []},
    "namespaceSelector": {},
    "namespaces": ["a"],
    "topologyKey": "kubernetes.io/hostname",
    "matchLabelKeys": ["pod-template-hash"],
    "mismatchLabelKeys": [],
}
EVERYTHING = {
    "nodeAffinity": {**NODES, PREFERRED: [{"weight": 1, "preference": {"matchFields": [{"key": "metadata.name"}]}}]},
    "podAffinity": {REQUIRED: [TERM], PREFERRED: [{"weight": 1, "podAffinityTerm": TERM}]},
    "podAntiAffinity": {PREFERRED: None},
}


@pytest.mark.parametrize("serving", [{}, {"affinity": None}, {"affinity": {}}, {"affinity": EVERYTHING}])
def test_what_a_pod_has_is_taken(serving: dict[str, Any]) -> None:
    check_affinity(serving)
    assert refusals(model_bundle(serving=serving)) == []


@pytest.mark.parametrize(
    ("affinity", "says"),
    [
        ({"podAntiAfinity": {}}, "spec.serving.affinity.podAntiAfinity is not a field of an affinity: there are node"),
        ({"nodeAffinity": {"required": {}}}, "spec.serving.affinity.nodeAffinity.required is not a field"),
        (
            {"podAffinity": {REQUIRED: [{"labelSelectors": {}}]}},
            f"spec.serving.affinity.podAffinity.{REQUIRED}[0].labelSelectors is not a field of an affinity, as ",
        ),
        ({"podAffinity": {REQUIRED: [{"namespaces": ["x" * 20_000]}]}}, "as JSON, 16384 are allowed"),
        ({"podAffinity": {REQUIRED: [{}] * 3_000}}, "has more values, than an affinity needs"),
    ],
)
def test_what_a_pod_does_not_have_is_named(affinity: dict[str, Any], says: str) -> None:
    found = refusals(model_bundle(serving={"affinity": affinity}))
    assert [says in line for line in found] == [True], found


def test_depth_is_no_matter_for_the_stack() -> None:
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(ValueError, match="nested more deeply"):
        check_affinity({"affinity": {"podAffinity": {REQUIRED: nested}}})
