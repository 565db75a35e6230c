"""The form of a request, from schemas that anybody may have written."""

from __future__ import annotations

import json

from launch.ui.form import LONGEST_TEXT, MOST_FIELDS, form
from tests.launch.families import clone, root, waiting


def of(schema: object) -> dict:
    return form(root("b", requestSchema=schema, responseSchema={}))


def fields(properties: dict, **more: object) -> list[dict]:
    return of({"type": "object", "properties": properties, **more})["fields"]


def test_a_field_has_the_kind_of_its_schema():
    found = fields(
        {
            "x": {"type": "integer", "description": "how many"},
            "y": {"type": "string", "title": "A text"},
            "flag": {"type": "boolean"},
            "mode": {"enum": ["fast", "exact"]},
            "rows": {"type": "array", "items": {"type": "number"}},
        },
        required=["x", "rows"],
    )
    assert [(field["name"], field["kind"], field["required"], field["text"]) for field in found] == [
        ("x", "integer", True, "1"),
        ("rows", "json", True, "[1]"),
        ("flag", "boolean", False, ""),
        ("mode", "choice", False, ""),
        ("y", "string", False, ""),
    ], "those that are required first, as they are listed"
    assert found[0]["description"] == "how many"
    assert found[3]["choices"] == ['"fast"', '"exact"']


def test_what_may_be_null_and_references_are_seen_through():
    schema = {
        "type": "object",
        "properties": {
            "x": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": 7},
            "p": {"$ref": "#/$defs/P"},
        },
        "required": ["p"],
        "$defs": {"P": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }  # fmt: skip
    p, x = of(schema)["fields"]
    assert (x["kind"], x["text"], x["null"]) == ("integer", "7", True)
    assert (p["kind"], json.loads(p["text"])) == ("json", {"a": "text"})


def test_without_a_schema_of_an_object_there_is_one_text():
    assert form(root("b")) == {"fields": [], "text": "{}"}
    assert of({"type": "array", "items": {"type": "integer"}}) == {"fields": [], "text": "[1]"}
    assert form(waiting("later", "never")) == {"fields": [], "text": "{}"}


def test_a_clone_has_the_schema_of_its_base():
    base = root("b", requestSchema={"type": "object", "properties": {"x": {"type": "integer"}}}, responseSchema={})
    assert [field["name"] for field in form(clone(base, "c"))["fields"]] == ["x"]


def test_schemas_that_would_make_a_great_deal_make_little():
    every = {name: {"$ref": "#"} for name in "abcdefghij"}
    found = of({"type": "object", "properties": every, "required": list(every)})
    assert sum(len(field["text"]) for field in found["fields"]) <= LONGEST_TEXT * MOST_FIELDS
    long = of({"type": "array", "items": {"type": "string", "minLength": 10**9}, "minItems": 10**9})
    assert long["text"] == '["text"]'
    many = {f"f{number}": {"type": "integer"} for number in range(MOST_FIELDS + 1)}
    assert of({"type": "object", "properties": many})["fields"] == []
    assert of({"$ref": "#"}) == {"fields": [], "text": "null"}
    assert of({"type": "object", "properties": {"x": {"$ref": "#/nowhere"}}})["fields"][0]["kind"] == "json"


def test_a_schema_in_the_wrong_shape_is_no_error():
    for schema in (
        {"properties": [1]},
        {"properties": {"x": True}, "required": "x"},
        {"type": ["object", "null"], "properties": {"x": {"type": ["integer", "null"], "enum": 3}}},
        {"type": "object", "properties": {"x": {"anyOf": [1, 2]}}},
    ):
        assert "fields" in of(schema)
