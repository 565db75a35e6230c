"""The OpenAPI document: the bundle's schemas mean there what they mean in the bundle."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from bundle_runtime.server.limits import Limits
from bundle_runtime.server.protocols.openapi import document, embedded

NODE = {
    "type": "object",
    "properties": {
        "value": {"$ref": "#/$defs/Number"},
        "next": {"$ref": "#"},
        "$ref": {"type": "string"},
    },
    "required": ["value"],
    "$defs": {"Number": {"type": "number"}},
    "examples": [{"$ref": "#/data"}],
}


def made(schema: Any, **fields: list[str]) -> Any:
    return document("b", "sha256:0", schema, {"type": "integer"}, fields, Limits(1_000_000, 20))


@pytest.mark.parametrize(
    ("value", "fits"),
    [
        ({"value": 1}, True),
        ({"value": "a"}, False),
        ({"value": 1, "next": {"value": 2, "$ref": "x"}}, True),
        ({"value": 1, "next": {"value": "a"}}, False),
        ({"value": 1, "$ref": 3}, False),
    ],
)
def test_references_lead_to_where_the_schema_stands_now(value: Any, fits: bool) -> None:
    whole = made(NODE)
    schema = {"$ref": "#/components/schemas/PredictRequest", **whole}
    assert jsonschema_rs.validator_for(NODE).is_valid(value) is fits
    assert jsonschema_rs.validator_for(schema).is_valid(value) is fits


def test_data_and_names_are_no_references() -> None:
    there = embedded(NODE, "PredictRequest")
    assert there["examples"] == [{"$ref": "#/data"}]
    assert there["properties"]["$ref"] == {"type": "string"}


def test_a_schema_with_an_id_resolves_by_itself() -> None:
    schema = {"$id": "https://example.com/s", "$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}
    assert embedded(schema, "PredictRequest") == schema


def test_every_reference_of_the_document_leads_somewhere() -> None:
    whole = made(NODE)

    def check(node: Any) -> None:
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str):
                target = whole
                for part in reference[2:].split("/") if reference != "#" else []:
                    target = target[part]
            for entry in node.values():
                check(entry)
        elif isinstance(node, list):
            for entry in node:
                check(entry)

    without_data = json.loads(json.dumps(whole))
    del without_data["components"]["schemas"]["PredictRequest"]["examples"]
    check(without_data)
    assert {"200", "400", "422", "429", "500", "503", "504"} <= set(whole["paths"]["/predict"]["post"]["responses"])


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {"properties": {"x": {"type": "integer"}}},
        {"required": ["x"], "properties": {"x": {"type": "integer"}}},
        {"propertyNames": {"maxLength": 5}},
        {"$ref": "#/$defs/R", "$defs": {"R": {"type": "object"}}},
    ],
)
@pytest.mark.parametrize(
    ("value", "fits"),
    [({"x": 1}, True), ({"x": 1, "y": 2}, True), ({"x": 1, "z": 2}, False), ({"y": 2}, False)],
)
def test_what_fits_the_request_is_what_the_function_can_be_called_with(schema: Any, value: Any, fits: bool) -> None:
    whole = made(schema, takes=["x", "y"], needs=["x"])
    assert jsonschema_rs.validator_for({"$ref": "#/components/schemas/PredictRequest", **whole}).is_valid(value) is fits


def test_a_function_that_takes_any_name() -> None:
    request = made({"type": "object"}, needs=["x"])["components"]["schemas"]["PredictRequest"]
    assert request == {"type": "object", "required": ["x"]}


def row(schema: Any, **fields: list[str]) -> Any:
    whole = made(schema, **fields)
    body = whole["paths"]["/v1/models/b:predict"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**whole, **body})


TWO = {"takes": ["x", "y"], "needs": ["x", "y"]}
ONE = {"takes": ["x"], "needs": ["x"]}
FIRST = {"takes": ["x", "y"], "needs": ["x"]}
INTEGER = {"type": "object", "properties": {"x": {"$ref": "#/$defs/i"}}, "$defs": {"i": {"type": "integer"}}}


@pytest.mark.parametrize(
    ("schema", "fields", "value", "fits"),
    [
        (None, TWO, 1, False),
        (None, TWO, {"x": 1, "y": 2}, True),
        (None, ONE, 1, True),
        (None, ONE, {"z": 1}, True),
        (None, FIRST, 1, True),
        (None, FIRST, {"x": 1}, True),
        (None, FIRST, {"y": 1}, False),
        (INTEGER, ONE, 1, True),
        (INTEGER, ONE, "a", False),
        (INTEGER, ONE, {"x": 1}, True),
        (INTEGER, ONE, {"x": "a"}, False),
        ({**INTEGER, "propertyNames": {}}, ONE, {"x": 1}, True),
        (True, TWO, {"x": 1}, True),
    ],
)
def test_a_row_of_v1_is_what_the_server_takes(schema: Any, fields: Any, value: Any, fits: bool) -> None:
    found = row(schema, **fields)
    assert found.is_valid({"instances": [value]}) is fits
    assert found.is_valid({"inputs": value}) is fits
    assert not found.is_valid({})
    assert not found.is_valid({"instances": [value], "inputs": value})


def test_what_the_server_takes_is_in_the_document() -> None:
    whole = made(NODE)
    assert whole["info"]["x-limits"]["maxRequestBytes"] == 1_000_000
    assert whole["info"]["x-limits"]["idleSeconds"] == 20
    said = whole["paths"]["/predict"]["post"]["responses"]["413"]["description"]
    assert "1000000 bytes (serving.maxRequestBytes)" in said
