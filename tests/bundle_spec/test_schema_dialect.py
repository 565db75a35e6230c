"""A schema in any draft from 4 to 2020-12 means the same to client, operator and server; so does what names none."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
from modelbundle_operator.bundle.json_schema import check_schema

from bundle_runtime.server.schemas import Schema
from bundle_spec.json_schema import DIALECT
from bundle_spec.schema_dialect import DIALECTS, DRAFT_4, as_compiled, dialect
from launch.errors import InvalidBundleError
from launch.packing.schemas.models import json_schema

NAMED = [*DIALECTS, *(f"{address}#" for address in DIALECTS)]
OBJECT = {"type": "object", "properties": {"x": {"type": "integer", "minimum": 1}}, "required": ["x"]}
TAKEN, REFUSED = [{"x": 1}, {"x": 2, "y": None}], [{}, {"x": "1"}, {"x": 0}]
# each as one draft means it, and how the others say that they do not
OF_ONE = [
    (DRAFT_4, {"type": "number", "minimum": 1, "exclusiveMinimum": True}, "exclusiveMinimum"),
    ("http://json-schema.org/draft-07/schema#", {"type": "array", "items": [{"type": "integer"}]}, "items"),
]


def refusals(schema: dict[str, Any]) -> list[bool]:
    """Of client, operator and server."""
    try:
        json_schema(schema, "request_schema", "request")
        client = False
    except InvalidBundleError:
        client = True
    try:
        Schema(schema)
        server = False
    except (ValueError, jsonschema_rs.ValidationError):
        server = True
    return [client, check_schema(schema) is not None, server]


@pytest.mark.parametrize("address", NAMED)
def test_a_schema_that_means_the_same_in_each_draft_is_taken_by_all_three(address: str) -> None:
    schema = {"$schema": address, **OBJECT}
    assert refusals(schema) == [False, False, False]
    assert [value for value in [*TAKEN, *REFUSED] if Schema(schema).accepts(value)] == TAKEN


@pytest.mark.parametrize(("address", "schema", "keyword"), OF_ONE)
def test_a_keyword_of_an_older_draft_is_taken_where_that_is_named_and_else_refused_by_all_three(
    address: str, schema: dict[str, Any], keyword: str
) -> None:
    assert refusals({"$schema": address, **schema}) == [False, False, False]
    assert refusals(schema) == [True, True, True]
    said = check_schema(schema)
    assert said is not None
    assert keyword in said
    assert "or name the draft that it is written in by $schema" in said


@pytest.mark.parametrize(
    "address", ["http://json-schema.org/draft-03/schema#", "https://spec.openapis.org/oas/3.1/dialect/base"]
)
def test_a_draft_that_is_not_known_is_refused_by_all_three(address: str) -> None:
    assert dialect({"$schema": address}) is None
    assert refusals({"$schema": address, **OBJECT}) == [True, True, True]


def test_what_names_none_is_of_the_newest() -> None:
    assert dialect(OBJECT) == dialect(True) == DIALECT
    assert refusals(OBJECT) == [False, False, False]


def test_nullable_of_openapi_is_a_type_more_to_all_three() -> None:
    schema = {"type": "object", "properties": {"x": {"type": "integer", "nullable": True}}}
    assert as_compiled(schema)["properties"]["x"]["type"] == ["integer", "null"]
    assert refusals(schema) == [False, False, False]
    assert [value for value in (1, None, "1") if Schema(schema).accepts({"x": value})] == [1, None]
