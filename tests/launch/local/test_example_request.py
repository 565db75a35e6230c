"""The request of the line to try fits the schema, so that the first thing that a person tries is answered."""

from __future__ import annotations

import pytest

from launch.local.example_request import example_request
from launch.packing.schemas.checks import fits

FIELDS = [
    {"type": "string", "minLength": 9},
    {"type": "string", "maxLength": 2},
    {"type": "string", "format": "date-time"},
    {"type": "integer", "minimum": 5},
    {"type": "integer", "exclusiveMinimum": 5},
    {"type": "number", "maximum": -3},
    {"type": "integer", "multipleOf": 7, "minimum": 8},
    {"type": "array", "items": {"type": "number"}, "minItems": 4},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
    {"anyOf": [{"type": "integer"}, {"type": "null"}]},
    {"type": ["string", "null"]},
    {"enum": ["a", "b"]},
    {"description": "any JSON value"},
    {},
]


@pytest.mark.parametrize("field", FIELDS)
def test_each_field_fits_its_schema(field):
    schema = {"type": "object", "properties": {"x": field}, "required": ["x"]}
    request = example_request(schema)
    assert set(request) == {"x"}
    assert fits(request, schema)


def test_the_names_that_a_worker_needs_are_there_without_a_schema():
    schema = {"type": "object", "required": ["x", "y"], "propertyNames": {"enum": ["x", "y", "z"]}}
    document = {"components": {"schemas": {"PredictRequest": schema}}}
    found = example_request({"$ref": "#/components/schemas/PredictRequest"}, document)
    assert found == {"x": 1, "y": 1}


def test_what_does_not_fit_is_known():
    schema = {"type": "object", "properties": {"x": {"type": "string", "pattern": "^[0-9]{3}$"}}, "required": ["x"]}
    assert not fits(example_request(schema), schema)
