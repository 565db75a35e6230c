"""What is wrong with a schema is said before anything is packed, with the library that checks schemas and without.

tests/launch/packing/test_pythons.py runs these with pydantic 1.10 and with 2, and where there is no jsonschema-rs.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List

import pytest

from launch.errors import InvalidBundleError
from launch.packing.schemas.models import json_schema
from launch.packing.schemas.outline import outline

LOOP: Dict[str, Any] = {"type": "object"}


LOOP["properties"] = {"loop": LOOP}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "request_schema is empty, which counts as no schema"),
        ({"x": "int"}, r"request_schema is a dict without a keyword of JSON Schema \(it has x\)"),
        ({"x": int}, r"request_schema\.x is a type, which JSON does not have.*pydantic model class"),
        ({"type": "objekt"}, r"request_schema.*objekt"),
        ({"required": "x"}, r"request_schema.*required|request_schema.*\"x\" is not of type"),
        ({"required": [True]}, "request_schema.*(required|true)"),
        ({"properties": {"x": 1}}, "request_schema.*(properties is|1 is not of types)"),
        ({"items": [{"type": "integer"}]}, r"request_schema.*items"),
        ({"$ref": "#/$defs/none"}, r"request_schema.*(/\$defs/none)"),
        ({"$ref": "#none"}, r"request_schema\.\$ref: '#none' is nowhere in the schema"),
        ({"$ref": "https://host/schema"}, "request_schema.*https://host/schema"),
        (
            {"$schema": "http://host/own", "type": "object"},
            "is not supported; leave .schema out",
        ),
        ({"type": "integer", "maximum": 2**60}, r"request_schema\.maximum is 1152921504606846976, outside"),
        ({"type": "object", "x-note": None}, r"request_schema\.x-note is null"),
        ({1: {"type": "object"}}, "request_schema has the key 1, which is not a string"),
        (LOOP, "request_schema holds itself"),
        ({"properties": {f"p{i}": {"pattern": r"((\w{30}){30}){28}"} for i in range(200)}}, "one pattern too many"),
        (
            {
                "$defs": {**{f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(24)}, "a24": {}},
                "$ref": "#/$defs/a0",
                "unevaluatedProperties": False,
            },
            r"request_schema\.\$defs\.a\d+: has one value checked by more than 2000 subschemas",
        ),
    ],
)
def test_a_dict_that_is_no_schema_is_refused(given, said):
    with pytest.raises(InvalidBundleError, match=said):
        json_schema(given, "request_schema", "request")


WRONG = [
    ({"pattern": "("}, r"pattern is '\('; it must be a regular expression \(missing \)"),
    ({"pattern": "a)"}, "unbalanced parenthesis"),
    ({"pattern": "[a"}, "unterminated character set"),
    ({"pattern": "[z-a]"}, "bad character range"),
    ({"pattern": "a{2,1}"}, "min repeat greater"),
    ({"pattern": "a\\"}, "bad escape"),
    ({"pattern": "a{99999999999999999999}"}, "too big"),
    ({"pattern": 3}, "pattern is 3; it must be a regular expression"),
    ({"patternProperties": {"[": {}}}, r"patternProperties has '\['"),
    ({"properties": {"x": {"items": {"pattern": "("}}}}, r"pattern is '\('"),
    ({"minLength": -1}, "minLength is -1; it must be a whole number, not negative"),
    ({"maxItems": True}, "maxItems is True"),
    ({"maxItems": "3"}, "maxItems is '3'"),
    ({"minimum": "3"}, "minimum is '3'; it must be a number"),
    ({"multipleOf": 0}, "multipleOf is 0; it must be a number above 0"),
    ({"enum": 3}, "enum is 3; it must be a list"),
    ({"required": ["a", "a"]}, "required is .* each once"),
    ({"dependentRequired": {"a": "b"}}, "dependentRequired is"),
    ({"uniqueItems": 1}, "uniqueItems is 1; it must be true or false"),
    ({"title": 3}, "title is 3; it must be a text"),
    ({"type": []}, r"type is \[\]; it must name"),
    ({"type": ["string", "string"]}, "type is .* each once"),
    ({"type": [["string"]]}, "does not exist"),
    ({"allOf": []}, r"allOf is \[\], where a schema must be"),
]


RIGHT: List[Dict[str, Any]] = [
    {"pattern": pattern}
    for pattern in (
        r"(?<year>\d{4})", r"\p{L}+", "a(?i)b", "[[:alpha:]]", "[a-z&&[^b]]", r"[\]]", "(?x) a # (\n b", "a{2,}?",
    )
]  # fmt: skip


RIGHT += [
    {"enum": []},
    {"type": ["string", "null"], "minLength": 0, "title": "", "examples": []},
    {"$defs": {"a": {"$anchor": "here", "type": "string"}}, "$ref": "#here"},
    {"const": {"pattern": "("}, "default": {"minLength": -1}},
    {"properties": {"pattern": {"type": "integer"}, "minLength": {}}, "required": []},
    {"patternProperties": {"^x-": True}, "additionalProperties": False, "multipleOf": 0.01},
    {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}], "dependencies": {"a": ["b"]}},
    {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True},
    {"type": "string", "nullable": True},
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_the_outline_sees_what_is_wrong_without_the_library(given, said):
    assert re.search(said, outline(given))
    with pytest.raises(InvalidBundleError, match="request_schema"):
        json_schema(given, "request_schema", "request")


@pytest.mark.parametrize("given", RIGHT)
def test_the_outline_refuses_nothing_that_the_library_takes(given):
    assert outline(given) == ""
    assert json_schema(given, "request_schema", "request") == given
