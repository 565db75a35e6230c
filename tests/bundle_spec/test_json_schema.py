"""Where a schema holds schemas, what its references lead to, and which of them look at the same value."""

from __future__ import annotations

from typing import Any

import pytest

from bundle_spec.json_schema import branches, each, inner, rebuilt, resolve

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"default": {"type": "string"}, "b": {"items": {"$anchor": "here"}}, "c": True},
    "default": {"properties": {"no": {"type": "schema"}}},
    "allOf": [{"$ref": "#/$defs/a~1b"}, {"not": {"const": {"items": {}}}}],
    "$defs": {"a/b": {"title": "slash"}, "t~e": {"title": "tilde"}, "a b": {"prefixItems": [{"title": "first"}]}},
}


def test_inner_schemas_are_those_under_keywords_that_hold_schemas() -> None:
    steps = {found.steps: found.same for found in inner(SCHEMA)}
    assert steps == {
        ("properties", "default"): False,
        ("properties", "b"): False,
        ("allOf", 0): True,
        ("allOf", 1): True,
        ("$defs", "a/b"): False,
        ("$defs", "t~e"): False,
        ("$defs", "a b"): False,
    }


def test_each_schema_is_met_once_even_where_one_object_stands_twice_or_holds_itself() -> None:
    shared: dict[str, Any] = {"title": "shared"}
    schema: dict[str, Any] = {"properties": {"a": shared, "b": shared}}
    schema["not"] = schema
    assert sorted(str(node.get("title")) for node in each(schema)) == ["None", "shared"]


@pytest.mark.parametrize(
    ("reference", "title"),
    [
        ("#/$defs/a~1b", "slash"),
        ("#/$defs/t~0e", "tilde"),
        ("#/$defs/a%20b/prefixItems/0", "first"),
        ("#/%24defs/a~1b", "slash"),
    ],
)
def test_a_pointer_leads_to_what_it_names(reference: str, title: str) -> None:
    found = resolve(SCHEMA, reference)
    assert found is not None
    assert found.value["title"] == title
    place: Any = SCHEMA
    for step in found.steps:
        place = place[step]
    assert place is found.value


def test_the_root_and_an_anchor_are_led_to() -> None:
    root, anchored = resolve(SCHEMA, "#"), resolve(SCHEMA, "#here")
    assert root is not None
    assert anchored is not None
    assert (root.value, root.steps) == (SCHEMA, ())
    assert anchored.value == {"$anchor": "here"}


@pytest.mark.parametrize(
    "reference",
    ["#/$defs/none", "#nowhere", "other.json#/a", "#/$defs/a b/prefixItems/1", "#/$defs/a b/prefixItems/01x", 3, None],
)
def test_what_leads_nowhere_or_out_is_none(reference: Any) -> None:
    assert resolve(SCHEMA, reference) is None


def test_branches_follow_references_and_combinations_and_end_where_they_meet_again() -> None:
    schema: dict[str, Any] = {
        "$ref": "#/$defs/loop",
        "anyOf": [{"title": "any"}, True],
        "if": {"title": "if"},
        "properties": {"x": {"title": "another value"}},
        "$defs": {"loop": {"title": "loop", "$ref": "#"}},
    }
    assert [node.get("title") for node in branches(schema, schema)] == [None, "loop", "any"]
    assert [node.get("title") for node in branches(schema, schema, ("if",))] == [None, "loop", "if"]


def test_a_rebuilt_copy_changes_schemas_and_no_values() -> None:
    def named(node: dict[str, Any]) -> dict[str, Any]:
        return {**node, "seen": True}

    copy = rebuilt(SCHEMA, named)
    assert copy["properties"]["default"]["seen"]
    assert copy["$defs"]["a b"]["prefixItems"][0]["seen"]
    assert copy["default"] == SCHEMA["default"]
    assert copy["allOf"][1]["not"]["const"] == {"items": {}}
    assert "seen" not in SCHEMA
