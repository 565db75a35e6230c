"""A schema is written so that it survives the cluster.

tests/launch/packing/test_pythons.py runs these with pydantic 1.10 and with 2, and where there is no jsonschema-rs.
"""

from __future__ import annotations

import pytest

from bundle_spec.exact_values import check_survives
from launch.packing.schemas.models import json_schema


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        ({"type": "integer", "default": None}, {"type": "integer"}),
        ({"type": "array", "default": [1, None], "examples": [[None], [1.0]]}, {"type": "array", "examples": [[1]]}),
        ({"const": None}, {"type": "null"}),
        ({"const": None, "type": "null", "title": "T"}, {"type": "null", "title": "T"}),
        ({"const": None, "type": "integer"}, {"type": "integer", "allOf": [{"type": "null"}]}),
        ({"enum": [1, None]}, {"anyOf": [{"enum": [1]}, {"type": "null"}]}),
        ({"enum": [None]}, {"type": "null"}),
        ({"enum": [1, 2.0]}, {"enum": [1, 2]}),
        (
            {"enum": [1, None], "anyOf": [{"minimum": 0.0}]},
            {"anyOf": [{"minimum": 0}], "allOf": [{"anyOf": [{"enum": [1]}, {"type": "null"}]}]},
        ),
        (
            {"const": [1, None]},
            {"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}], "minItems": 2, "maxItems": 2},
        ),
        (
            {"const": {"a": None, "b": 1.0}},
            {
                "type": "object",
                "properties": {"a": {"type": "null"}, "b": {"const": 1}},
                "required": ["a", "b"],
                "additionalProperties": False,
            },
        ),
        ({"minimum": 1.0, "maximum": 1.5, "multipleOf": -0.0 + 2.0}, {"minimum": 1, "maximum": 1.5, "multipleOf": 2}),
        (
            {"properties": {"const": {"const": None}, "default": {"type": "integer", "default": None}}},
            {"properties": {"const": {"type": "null"}, "default": {"type": "integer"}}},
        ),
        ({"type": "array", "prefixItems": ({"const": None},)}, {"type": "array", "prefixItems": [{"type": "null"}]}),
        ({"$defs": {"a": {"default": None}}, "$ref": "#/$defs/a"}, {"$defs": {"a": {}}, "$ref": "#/$defs/a"}),
    ],
)
def test_a_schema_is_written_so_that_it_survives(given, schema):
    before = repr(given)
    found = json_schema(given, "request_schema", "request")
    assert found == schema
    assert repr(found) == repr(schema)  # 1 and 1.0 are equal, and not the same
    assert repr(given) == before
    check_survives(found)
