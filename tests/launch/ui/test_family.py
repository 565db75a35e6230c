"""The family of a bundle, as the page draws it."""

from __future__ import annotations

from launch.ui.family import LONGEST_VALUE, MOST_CHANGES, MOST_MEMBERS, family_page, root_of
from tests.launch.families import clone, root, waiting

V1 = root("v1")
V2 = clone(V1, "v2", appConfig={"mode": "batched", "layers": [1, 2]})
V3 = clone(V2, "v3", env=[])


def drawn(*bundles: dict, name: str) -> list[tuple]:
    return [(member["name"], member["parent"], member["missing"]) for member in family_page(bundles, name)]


def test_each_clone_is_behind_its_base_with_what_it_changed():
    found = family_page([V3, V1, V2], "v2")
    assert [(member["name"], member["parent"]) for member in found] == [("v1", None), ("v2", 0), ("v3", 1)]
    assert found[0]["changed"] is None
    assert found[1]["changed"] == [{"path": "appConfig.mode", "before": '"single"', "after": '"batched"'}]
    assert [change["path"] for change in found[2]["changed"]] == ["env"]
    assert {member["health"] for member in found} == {"Ready"}


def test_one_that_is_gone_keeps_its_place_and_what_was_recorded():
    assert drawn(V1, V3, name="v3") == [("v1", None, ""), ("v2", 0, "deleted"), ("v3", 1, "")]
    assert family_page([V1, V3], "v3")[2]["changed"] == [{"path": "env", "before": "", "after": ""}]


def test_a_clone_that_waits_for_its_base_is_drawn_too():
    found = family_page([waiting("later", "never")], "later")
    assert [(member["name"], member["missing"]) for member in found] == [("never", "not there"), ("later", "")]
    assert found[1]["changed"] is None


def test_other_families_are_left_out_and_a_bundle_that_is_not_there_has_none():
    assert drawn(V1, V2, root("stranger"), name="v1") == [("v1", None, ""), ("v2", 0, "")]
    assert family_page([V1], "nobody") == []


def test_what_is_drawn_is_bounded():
    large = clone(V1, "large", appConfig={f"key-{number}": "x" * 1000 for number in range(100)})
    found = family_page([V1, large], "large")[1]
    assert len(found["changed"]) == MOST_CHANGES
    assert found["more"] > 80
    assert max(len(change["after"]) for change in found["changed"]) <= LONGEST_VALUE
    line = [V1]
    for number in range(MOST_MEMBERS * 2 + 10):
        line.append(clone(line[-1], f"c{number}"))
    assert len(family_page(line, "v1")) == 2 * MOST_MEMBERS


def test_the_root_is_known_or_guessed():
    assert root_of(V3) == "v1"
    assert root_of(waiting("later", "never")) == "never"
    assert root_of({"metadata": {"name": "new"}, "spec": {"bundle": {}}}) == "new"
