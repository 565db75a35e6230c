"""Violations say where; references never leave the schema."""

from __future__ import annotations

import jsonschema_rs
import pytest

from bundle_runtime.server.schemas import MAX_VIOLATIONS, Schema, compile_schema, json_path
from tools.testkit.cost import units


def test_every_violation_has_its_place() -> None:
    schema = Schema(
        {
            "type": "object",
            "properties": {"a": {"type": "array", "items": {"properties": {"odd name": {"type": "integer"}}}}},
            "required": ["b"],
        }
    )
    assert schema.accepts({"a": [], "b": 1})
    found = schema.violations({"a": [{}, {"odd name": "x" * 5000}]})
    assert [violation["path"] for violation in found] == ["$", "$.a[1]['odd name']"]
    assert all(len(violation["message"]) <= 300 for violation in found)


def test_a_flood_of_violations_is_cut() -> None:
    found = Schema({"items": {"type": "integer"}}).violations(["x"] * 1000)
    assert len(found) == MAX_VIOLATIONS + 1
    assert "left out" in found[-1]["message"]


def nested(depth: int) -> list[object]:
    value: list[object] = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("depth", [300, 1000])
def test_what_is_nested_too_deeply_still_breaks_the_schema(depth: int) -> None:
    schema = Schema({"properties": {"x": {"type": "integer"}}})
    assert not schema.accepts({"x": nested(depth)})
    (violation,) = schema.violations({"x": nested(depth)})
    assert violation["path"] == "$"
    assert "nested too deeply" in violation["message"]


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"items": {"type": "integer"}}, "$[0]"),
        ({"anyOf": [{"items": {"type": "integer"}}, {"type": "null"}]}, "$"),
    ],
    ids=["plain", "branches"],
)
def test_the_violations_of_much_are_told_in_no_time(schema: dict[str, object], path: str) -> None:
    value = ["x"] * 1_000_000
    found: list[dict[str, str]] = []
    assert units(lambda: found.extend(Schema(schema).violations(value))) < 20
    assert found[0]["path"] == path
    assert "large" in found[-1]["message"]


def union(deep: int) -> tuple[dict[str, object], dict[str, object]]:
    """Two models that may hold one another, and a request of a few bytes for each level."""
    either = {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}
    models = {name: {"type": "object", "properties": {"c": either, name: {"type": "integer"}}} for name in "AB"}
    value: dict[str, object] = {"c": 1}
    for _ in range(deep):
        value = {"c": value}
    return {"$defs": models, "$ref": "#/$defs/A"}, value


@pytest.mark.parametrize("deep", [14, 18, 60, 200])
def test_a_union_within_a_union_does_not_double_the_work_with_each_level(deep: int) -> None:
    schema, value = union(deep)
    checked = Schema(schema)
    found: list[dict[str, str]] = []
    assert units(lambda: found.extend([] if checked.accepts(value) else checked.violations(value))) < 20
    assert "too large" in found[-1]["message"]


def test_a_union_that_is_no_deeper_than_usual_tells_the_place() -> None:
    schema, value = union(4)
    (found,) = Schema(schema).violations(value)
    assert found["path"] == "$.c"


@pytest.mark.parametrize("keyword", ["items", "contains"])
def test_patterns_that_try_again_and_again_are_bounded(keyword: str) -> None:
    checked = Schema({keyword: {"pattern": r"^(?:(?=a)a*)*$"}})
    value = ["a" * 30 + "b"] * (1_000 if keyword == "items" else 20)
    found: list[dict[str, str]] = []
    assert units(lambda: found.extend([] if checked.accepts(value) else checked.violations(value))) < 60
    assert found


def test_patterns_without_such_tries_take_any_length() -> None:
    checked = Schema({"pattern": "^(a+)+$"})
    taken: list[bool] = []
    texts = ("a" * 1_000_000, "a" * 1_000_000 + "b")
    assert units(lambda: taken.extend(map(checked.accepts, texts))) < 40
    assert taken == [True, False]


def test_branches_say_why_each_did_not_fit() -> None:
    branches = [{"properties": {"kind": {"const": kind}}, "required": ["kind"]} for kind in ("single", "batched")]
    (violation,) = Schema({"anyOf": branches}).violations({"kind": "other"})
    assert '(1) $.kind: "single" was expected (2) $.kind: "batched" was expected' in violation["message"]


def test_drafts_and_nothing() -> None:
    assert compile_schema(None) is None
    assert not Schema(False).accepts({})
    assert Schema({"prefixItems": [{"type": "integer"}]}).accepts(["x"]) is False, "2020-12 unless it says otherwise"
    with pytest.raises(ValueError, match=r"\$schema: .* is not supported; leave \$schema out"):
        Schema({"$schema": "http://host/own", "prefixItems": [{"type": "integer"}]})
    tuples = {"items": [{"type": "integer"}], "additionalItems": False}
    for draft in ("draft-04", "draft-06", "draft-07"):
        of_draft = Schema({"$schema": f"http://json-schema.org/{draft}/schema#", **tuples})
        assert [of_draft.accepts(value) for value in ([1], ["x"], [1, 2])] == [True, False, False]
    flag = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}
    assert [Schema(flag).accepts(value) for value in (1, 2)] == [False, True]


def test_nullable_of_openapi_is_understood() -> None:
    checked = Schema({"properties": {"x": {"type": "integer", "nullable": True}, "y": {"type": "integer"}}})
    assert checked.accepts({"x": None, "y": 1})
    assert not checked.accepts({"y": None})
    assert not checked.accepts({"x": "one"})


@pytest.mark.parametrize(
    ("name", "taken", "refused"),
    [
        ("date-time", ["2024-02-29T23:59:60Z", "2024-01-01 00:00:00.5+01:00"], ["2024-02-30T00:00:00", "2024-01-01"]),
        ("date-time", ["2024-01-01T00:00:00"], ["2024-01-01T24:30:00"]),
        ("time", ["12:00:00", "12:00:00Z"], ["25:00:00", "noon", "\u0661\u0662:00:00"]),
        ("date", ["2024-02-29"], ["2023-02-29"]),
        ("uuid", ["9f1a1b2c-0000-4000-8000-000000000000"], ["9f1a"]),
        ("email", ["a@example.com"], ["a"]),
        ("ipv4", ["10.0.0.1"], ["10.0.0.256"]),
        ("ipv6", ["::1"], ["10.0.0.1"]),
        ("uri", ["https://host/a"], ["host"]),
        ("duration", ["-PT1H", "anything"], []),
        ("hostname", ["not a host"], []),
        ("made-up", ["anything"], []),
    ],
)
def test_the_documented_formats_are_checked_in_every_draft_and_no_others(name, taken, refused) -> None:
    for named in ({}, {"$schema": "http://json-schema.org/draft-07/schema#"}):
        checked = Schema({**named, "type": "string", "format": name})
        assert [text for text in [*taken, *refused] if checked.accepts(text)] == taken


@pytest.mark.parametrize("schema", [{"type": "intt"}, {"$ref": "http://example.com/other.json"}])
def test_what_cannot_be_compiled_is_a_value_error(schema: object) -> None:
    with pytest.raises((ValueError, jsonschema_rs.ValidationError)):
        compile_schema(schema)


def test_paths() -> None:
    assert json_path([]) == "$"
    assert json_path(["a", 0, "b c", "d"]) == "$.a[0]['b c'].d"
