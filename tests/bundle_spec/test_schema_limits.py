"""What a JSON Schema may cost: just below each limit it passes, just above it is refused with the place.

tests/launch/packing/test_pythons.py runs these on Python 3.8 too.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, List

import pytest

from bundle_spec import schema_limits as limits
from bundle_spec.json_schema import DIALECT
from bundle_spec.pattern_size import LARGEST, pattern_size
from bundle_spec.schema_limits import problem
from tools.testkit.cost import units

Schema = Dict[str, Any]
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"


def nested(depth: int) -> Schema:
    """Values nested `depth` deep."""
    schema: Schema = {}
    for _ in range(depth // 2):
        schema = {"properties": {"a": schema}}
    return schema if depth % 2 == 0 else {"not": schema}


def listed(depth: int) -> List[Any]:
    value: List[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def doubled(levels: int, keyword: str = "allOf", **more: Any) -> Schema:
    """Each of `levels` definitions leads to the next one twice."""
    steps = {f"a{i}": {keyword: [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(levels)}
    return {"$defs": {**steps, f"a{levels}": {}}, "$ref": "#/$defs/a0", **more}


def often(times: int) -> Schema:
    """So many schemas with unevaluatedItems, each with some 500 that look at the same value."""
    schema = doubled(7)
    schema["$defs"].update({f"u{i}": {"$ref": "#/$defs/a0", "unevaluatedItems": False} for i in range(times)})
    return schema


def patterns(count: int, pattern: str = "^a$") -> Schema:
    return {"properties": {f"p{i}": {"pattern": pattern} for i in range(count)}}


SOUND: Dict[str, Any] = {
    "empty": {},
    "boolean": True,
    "deep": nested(limits.MAX_DEPTH),
    "many values": {"enum": ["x"] * (limits.MAX_VALUES - 2)},
    "much text": {"title": "x" * (limits.MAX_TEXT - 5)},
    "many patterns": patterns(limits.MAX_PATTERNS),
    "a long pattern": {"pattern": "a" * limits.MAX_PATTERN},
    "large patterns": patterns(10, "a{10000}"),
    "doubled": doubled(8),
    "unevaluated, doubled": doubled(8, unevaluatedProperties=False),
    "unevaluated, often": often(3),
    "a family": {
        "$defs": {
            "base": {"properties": {"id": {}}},
            **{f"c{i}": {"allOf": [{"$ref": "#/$defs/base"}], "unevaluatedProperties": False} for i in range(100)},
        },
        "anyOf": [{"$ref": f"#/$defs/c{i}"} for i in range(100)],
    },
    "recursive": {"properties": {"left": {"$ref": "#"}}, "items": {"$ref": "#"}},
    "an anchor": {"$defs": {"a": {"$anchor": "here"}}, "properties": {"a": {"$ref": "#here"}}},
    "a dynamic anchor": {"$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}},
    "definitions elsewhere": {"components": {"x": {"type": "string"}}, "items": {"$ref": "#/components/x"}},
    "escaped pointers": {"$defs": {"a/b~c d": {}}, "items": {"$ref": "#/$defs/a~1b~0c%20d"}},
    "a pointer into a list": {"prefixItems": [{}], "items": {"$ref": "#/prefixItems/0"}},
    "names of keywords": {"properties": {"$ref": {}, "$id": {}, "$schema": {}, "pattern": {}, "$anchor": {}}},
    "values that look like schemas": {"enum": [{"$ref": "http://x"}], "default": {"pattern": "((("}},
    "an id": {"$id": "https://example.com/a", "items": {"$ref": "#"}},
    "the dialect": {"$schema": DIALECT},
    "an older one": {"$schema": DRAFT_7, "items": [{}], "additionalItems": False},
    "the oldest": {"$schema": DRAFT_4, "id": "http://h/s", "minimum": 1, "exclusiveMinimum": True, "items": [{}]},
    "spelt with https": {"$schema": "https://json-schema.org/draft-07/schema"},
    "large numbers": {"maximum": 2**64, "minimum": -(2**63), "multipleOf": 1e-300},
    "no shape at all": {"properties": [], "allOf": {}, "anyOf": 3, "$ref": [], "pattern": 1, "$defs": None, "if": []},
}

REFUSED: Dict[str, Any] = {
    "no schema": (3, ": is 3, where a schema"),
    "a list": ([], ": is a list, where a schema"),
    "deep": (nested(limits.MAX_DEPTH + 1), "more than 200 deep"),
    "deeper": (nested(10_000), "more than 200 deep"),
    "a deep value": ({"enum": listed(9_900)}, ".enum[0][0][0]"),
    "many values": ({"enum": ["x"] * (limits.MAX_VALUES - 1)}, ".enum: the schema has more than 20000 values"),
    "very many": ({"a": [[]] * 5_000_000}, ".a: the schema has more than 20000 values"),
    "much text": ({"title": "x" * (limits.MAX_TEXT - 4)}, ".title: the schema has more than 196608 char"),
    "many patterns": (patterns(limits.MAX_PATTERNS + 1), ".properties.p1000.pattern: the schema has more than 1000"),
    "a long pattern": ({"pattern": "a" * (limits.MAX_PATTERN + 1)}, ".pattern: is a pattern of 5001"),
    "a long name": ({"patternProperties": {"a" * 5_001: {}}}, ": is a pattern of 5001"),
    "large patterns": (patterns(11, "a{10000}"), ".properties.p10.pattern: 'a{10000}' is one pattern too many"),
    "a large pattern": ({"pattern": r"((\w{90}){90}){90}"}, ".pattern: '((\\\\w{90}){90}){90}' takes too much memory"),
    "a large name": ({"patternProperties": {"a{100001}": {}}}, ".patternProperties.a{100001}: 'a{100001}' takes"),
    "endless digits": ({"pattern": "a{" + "9" * 4_900 + "}"}, ".pattern: 'a{999"),
    "doubled": (doubled(24), "has one value checked by more than 2000 subschemas"),
    "doubled any": (doubled(24, "anyOf"), "has one value checked by more than 2000"),
    "unevaluated": (often(4), ".$defs.u3.unevaluatedItems: has to follow more than 2000"),
    "unevaluated, weeks": (doubled(24, unevaluatedProperties=False), "more than 2000 subschemas"),
    "itself": ({"$ref": "#"}, ": refers to itself without"),
    "itself in between": (
        {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}, "b": {"if": {"$ref": "#/$defs/a"}}}},
        ": refers to itself without",
    ),
    "itself by an anchor": ({"$dynamicAnchor": "x", "not": {"$dynamicRef": "#x"}}, ": refers to itself without"),
    "elsewhere": ({"items": {"$ref": "http://x/y"}}, ".items.$ref: schemas are not fetched ('http://x/y')"),
    "a file": ({"items": {"$ref": "other.json#/a"}}, ".items.$ref: schemas are not fetched"),
    "elsewhere, dynamic": ({"$dynamicRef": "http://x#y"}, ".$dynamicRef: schemas are not fetched"),
    "nowhere": ({"items": {"$ref": "#/$defs/none"}}, ".items.$ref: '#/$defs/none' is nowhere in the schema"),
    "no anchor": ({"items": {"$ref": "#none"}}, ".items.$ref: '#none' is nowhere"),
    "beyond a list": ({"allOf": [{}], "items": {"$ref": "#/allOf/1"}}, "is nowhere"),
    "a pointer of digits": ({"allOf": [{}], "items": {"$ref": "#/allOf/" + "1" * 5_000}}, "is nowhere"),
    "to a text": ({"title": "a", "items": {"$ref": "#/title"}}, "is nowhere"),
    "an anchor twice": ({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}}, ".$anchor: 'x' is there twice"),
    "an id within": ({"items": {"$id": "http://x"}}, ".items.$id: is below the root"),
    "a dialect within": ({"items": {"$schema": DRAFT_7}}, ".items.$schema: is below the root"),
    "another dialect": ({"$schema": "http://h/"}, ".$schema: 'http://h/' is not supported; leave $schema out, or"),
    "an id of draft 4 within": (
        {"$schema": DRAFT_4, "items": {"id": "a"}},
        ".items.id: is below the root, where it moves",
    ),
    "a tuple of before": ({"items": [{}]}, ".items: is a list, as it was before 2020-12: write prefixItems, or name"),
    "a flag of before": (
        {"not": {"maximum": 2, "exclusiveMaximum": True}},
        ".not.exclusiveMaximum: is true or false, as in draft 4 and OpenAPI 3.0: write the number of maximum here, and",
    ),
    "a flag that says nothing": ({"exclusiveMinimum": False}, "and OpenAPI 3.0: leave it out, or name the draft"),
    "no dialect": ({"$schema": {}}, ".$schema: a dict is not supported"),
    "infinity": ({"maximum": float("inf")}, ".maximum: is inf, which JSON does not have"),
    "no number": ({"enum": [float("nan")]}, ".enum[0]: is nan"),
    "a huge number": ({"const": 10**400}, ".const: is an integer of more than 64 bits"),
    "half a character": ({"properties": {"a": {"title": "\ud800"}}}, ".properties.a.title: holds half a surrogate"),
    "half a name": ({"properties": {"\ud800": {}}}, ".properties: has the key '\\ud800'"),
    "no name": ({"properties": {1: {}}}, ".properties: has the key 1, which is not a string"),
    "no value": ({"required": {"a"}}, ".required: is a set, which JSON does not have"),
}


@pytest.mark.parametrize("schema", SOUND.values(), ids=list(SOUND))
def test_what_is_within_the_limits_passes(schema: Any) -> None:
    assert problem(schema) is None


@pytest.mark.parametrize(("schema", "says"), REFUSED.values(), ids=list(REFUSED))
def test_what_is_beyond_a_limit_is_refused_with_its_place(schema: Any, says: str) -> None:
    found = problem(schema)
    assert found is not None
    assert says in found
    assert found.startswith((".", ":"))
    assert len(found) < 700
    found.encode("utf-8")


def test_what_holds_itself_ends() -> None:
    schema: Schema = {}
    schema["properties"] = {"a": schema}
    assert "more than 200 deep" in str(problem(schema))


def test_aliases_are_counted_each_time() -> None:
    value: List[Any] = []
    for _ in range(100):
        value = [value] * 9
    assert "more than 20000 values" in str(problem({"enum": value}))


SLOW_TO_READ = (patterns(1_000, "[a" * 2_000), patterns(900, "(" * 200))


@pytest.mark.parametrize("schema", [*SOUND.values(), *(schema for schema, _ in REFUSED.values()), *SLOW_TO_READ])
def test_the_look_is_bounded_itself(schema: Any) -> None:
    assert units(lambda: problem(schema)) < 20


def test_nothing_recurses() -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        chain: Schema = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(1_500)}
        assert problem({"$defs": {**chain, "a1500": {}}}) is None
        assert problem({"enum": listed(9_900)})
    finally:
        sys.setrecursionlimit(before)


SIZES = {
    "": 0,
    "abc": 3,
    "a*b+c?": 6,
    "a{3}": 3,
    "a{0}": 1,
    "a{2,}": 2,
    "a{2,5}b": 6,
    "a{,7}": 7,
    "((\\w{30}){30}){28}": 25_200,
    "(a{100}b{100}){10}": 2_000,
    "(a|b){10}": 30,
    "[abc]{10}": 10,
    "[^abc]{10}": 100,
    "[]a]{10}": 10,
    "[\\]a]{10}": 10,
    "[a{100}]": 1,
    ".{10}": 100,
    "\\.{10}": 10,
    "a\\{10}": 5,
    "é{10}": 100,
    "\\p{10}": 2_000,
    "a{x}": 4,
    "a{1000}{1000}{1000}": 1_000_000_000,
    "a{" + "9" * 5_000 + "}": LARGEST,
    "(((": 0,
    ")))": 1,
    "[": 1,
    "\\": 1,
    "{5}": 0,
}


@pytest.mark.parametrize(("pattern", "size"), SIZES.items())
def test_repetitions_are_written_out(pattern: str, size: int) -> None:
    assert pattern_size(pattern) == size
