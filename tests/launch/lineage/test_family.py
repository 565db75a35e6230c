"""Families with deleted, replaced, missing and circular bundles: where each stands, and who set what."""

import pytest

from bundle_spec.json_path import read
from launch.lineage.blame import blame
from launch.lineage.family import families, member_named
from launch.lineage.tree import tree_json
from tests.launch.families import clone, root, waiting


def shape(member) -> object:
    name = member.name if member.bundle else f"({member.name})"
    return {name: [shape(item) for item in member.clones]} if member.clones else name


def shapes(*bundles) -> list:
    return [shape(member) for member in families(bundles)]


@pytest.fixture
def line() -> list:
    """v1 <- v2 <- v3 <- v4: v2 sets the mode, v3 the requirements, v4 nothing."""
    v1 = root("v1")
    v2 = clone(v1, "v2", appConfig={"mode": "batched", "layers": [1, 2]})
    v3 = clone(v2, "v3", requirements=[])
    return [v1, v2, v3, clone(v3, "v4")]


def test_a_family_is_a_tree_in_the_order_of_creation(line):
    v1, *_ = line
    assert shapes(clone(v1, "v0"), *line, root("other")) == [{"v1": [{"v2": [{"v3": ["v4"]}]}, "v0"]}, "other"]


def test_what_is_deleted_keeps_its_place(line):
    v1, _, v3, v4 = line
    assert shapes(v1, v3, v4) == [{"v1": [{"(v2)": [{"v3": ["v4"]}]}]}]
    assert shapes(v4, clone(v3, "v5")) == [{"(v1)": [{"(v2)": [{"(v3)": ["v4", "v5"]}]}]}]
    assert tree_json(families([v4])[0])["missing"] == "deleted"


def test_another_bundle_of_the_name_is_not_the_parent(line):
    v1, v2, v3, _ = line
    again = root("v2", requirements=["other"])
    assert shapes(v1, v3, again) == [{"v1": [{"(v2)": ["v3"]}]}, "v2"]
    assert shapes(clone(v3, "v1"), v2, v3) != []  # a name that is its own descendant's ancestor ends all the same


def test_a_clone_without_its_base_stands_below_an_empty_place():
    assert shapes(waiting("v2", "v1")) == [{"(v1)": ["v2"]}]
    (member,) = families([waiting("v2", "v1")])
    assert tree_json(member)["missing"] == "not there"


@pytest.mark.parametrize(
    ("bundles", "expected"),
    [
        ([waiting("a", "b", "CloneCycle"), waiting("b", "a", "CloneCycle")], [{"a": ["b"]}]),
        ([waiting("a", "a", "CloneCycle")], [{"(a)": ["a"]}]),
    ],
)
def test_clones_of_each_other_are_shown_once(bundles, expected):
    assert shapes(*bundles) == expected


def test_fifty_levels():
    bundles = [root("b0")]
    for number in range(1, 51):
        bundles.append(clone(bundles[-1], f"b{number}", appConfig={"mode": number}))
    (member,) = families(bundles)
    node, depth = tree_json(member), 0
    while node["clones"]:
        node, depth = node["clones"][0], depth + 1
    assert (node["name"], node["changed"], depth) == ("b50", ["appConfig"], 50)


@pytest.mark.parametrize(
    ("gone", "field", "setters", "before"),
    [
        ([], "appConfig.mode", ["v2"], "single"),
        ([], "appConfig.layers", ["v1"], None),
        ([], "requirements", ["v3"], ["scikit-learn>=1.5", "numpy"]),
        ([], "requirements.numpy", ["v3"], "numpy"),
        ([], "env.MODE", ["v1"], None),
        (
            ["v2"],
            "appConfig.mode",
            ["v2"],
            "single",
        ),  # between v1, which has another value, and v3, which changed nothing
        (["v2"], "appConfig.layers", ["v1"], None),  # the same on both sides
        (["v2"], "requirements", ["v3"], ["scikit-learn>=1.5", "numpy"]),  # v3 says that it changed them
        (["v1"], "env.MODE", ["v1"], None),
        (["v1", "v2"], "env.MODE", ["v2", "v1"], None),
        (["v1", "v2", "v3"], "appConfig.mode", ["v3", "v2", "v1"], None),
        (["v2", "v3"], "appConfig.mode", ["v3", "v2"], "single"),
    ],
)
def test_blame_names_who_set_the_value_or_all_who_may_have(line, gone, field, setters, before):
    roots = families([bundle for bundle in line if bundle["metadata"]["name"] not in gone])
    member = member_named(roots, "v4")
    assert member is not None
    found = blame(member, read(field))
    assert found is not None
    assert [item.name for item in found.candidates] == setters
    assert (found.before if found.base else None) == before


@pytest.mark.parametrize("gone", [[], ["v1"], ["v1", "v2", "v3"]])
def test_what_is_not_set_and_was_in_no_known_ancestor_has_nobody_to_blame(line, gone):
    roots = families([bundle for bundle in line if bundle["metadata"]["name"] not in gone])
    member = member_named(roots, "v4")
    assert member is not None
    assert blame(member, read("appConfig.none")) is None


def test_blame_speaks_of_either_spelling_of_app_config():
    v1 = root("v1")
    v2 = clone(v1, "v2", appConfigJSON='{"mode": "single", "scale": 1.0}')
    member = member_named(families([v1, v2]), "v2")
    assert member is not None
    found = {field: blame(member, read(f"appConfig.{field}")) for field in ("mode", "scale")}
    assert {field: [item.name for item in blamed.candidates] for field, blamed in found.items() if blamed} == {
        "mode": ["v1"],
        "scale": ["v2"],
    }
