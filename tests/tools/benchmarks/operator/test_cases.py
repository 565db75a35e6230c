"""The bundles that are measured."""

from __future__ import annotations

import json

from tools.benchmarks.operator.cases import Case


def test_a_family_lives_in_one_namespace_and_others_in_several() -> None:
    family, stored = list(Case("family", 20).bundles()), list(Case("stored", 20, 5).bundles())
    assert {each["metadata"]["namespace"] for each in family} == {"bench-0"}
    assert len({each["metadata"]["namespace"] for each in stored}) == 10
    assert ["cloneFrom" in each["spec"]["bundle"] for each in family] == [False] + [True] * 19
    assert len({json.dumps(each["spec"]["bundle"]) for each in stored}) == 20
    mixed = [each["spec"]["serving"]["replicas"] for each in Case("mixed", 12).bundles()]
    assert mixed == [1, 0, 0, 0, 0, 0] * 2
    assert Case("stored", 1000, 5).name == "stored 1,000 at 5/s"
