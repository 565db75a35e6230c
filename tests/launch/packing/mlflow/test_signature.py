"""The signature of MLflow, type by type: what a request and a prediction may be."""

import pytest

from launch.errors import InvalidBundleError
from launch.packing.mlflow.signature import schemas_of
from launch.packing.schemas.models import both_or_none


def schemas(inputs, outputs=None, params=None):
    found = schemas_of({"inputs": inputs, "outputs": outputs, "params": params}, "MLmodel")
    both_or_none(found.request, found.response)  # InvalidBundleError where a cluster would refuse them
    return found


def tensor(dtype, *shape, **name):
    return {"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}, **name}


@pytest.mark.parametrize(
    ("column", "schema"),
    [
        ({"type": "boolean"}, {"type": "boolean"}),
        ({"type": "integer"}, {"type": "integer", "minimum": -(1 << 31), "maximum": (1 << 31) - 1}),
        ({"type": "long"}, {"type": "integer"}),
        ({"type": "double"}, {"anyOf": [{"type": "number"}, {"type": "null"}]}),
        ({"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
        ({"type": "binary"}, {"type": "string", "contentEncoding": "base64"}),
        ({"type": "long", "required": False}, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        ({"type": "any", "required": False}, {}),
        ({"type": "array", "items": {"type": "double"}}, {"type": "array", "items": {"type": "number"}}),
        (
            {"type": "map", "values": {"type": "array", "items": {"type": "string"}}},
            {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
        ),
        (
            {"type": "object", "properties": {"a": {"type": "long"}, "b": {"type": "string", "required": False}}},
            {
                "type": "object",
                "properties": {"a": {"type": "integer"}, "b": {"type": "string"}},
                "required": ["a"],
            },
        ),
    ],
)
def test_a_column_is_a_field(column, schema):
    found = schemas([{"name": "x", **column}]).request
    assert found["properties"] == {"x": schema}
    assert found.get("required", []) == (["x"] if column.get("required", True) else [])
    assert found["additionalProperties"] is False


@pytest.mark.parametrize(
    ("spec", "by_rows", "schema"),
    [
        (tensor("float64", -1), True, {"type": "number"}),
        (
            tensor("float32", -1, 4),
            True,
            {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        ),
        (tensor("uint8", -1, -1), True, {"type": "array", "items": {"type": "integer", "minimum": 0, "maximum": 255}}),
        (
            tensor("bool", 1, -1),
            False,
            {
                "type": "array",
                "items": {"type": "array", "items": {"type": "boolean"}},
                "minItems": 1,
                "maxItems": 1,
            },
        ),
        (tensor("object", -1), True, {}),
    ],
)
def test_a_tensor_loses_the_dimension_that_counts_rows(spec, by_rows, schema):
    found = schemas([spec])
    assert (found.by_rows, found.request["properties"]) == (by_rows, {"inputs": schema})


def test_what_has_no_name_is_called_inputs_and_several_are_a_list():
    found = schemas([{"type": "string"}, {"type": "long"}], [{"type": "long"}, {"type": "boolean"}])
    assert [item.get("type", "either") for item in found.request["properties"]["inputs"]["prefixItems"]] == [
        "either",
        "integer",
    ]
    assert found.response["prefixItems"] == [{"type": "integer"}, {"type": "boolean"}]


def test_named_outputs_are_an_object_and_without_outputs_it_may_be_anything():
    named = [tensor("float32", -1, 2, name="y"), tensor("int64", -1, name="z")]
    assert schemas([tensor("float32", -1, 2, name="x")], named).response["required"] == ["y", "z"]
    assert schemas([tensor("float32", -1, 2, name="x")]).response["type"][0] == "null"


def test_params_are_a_field_with_their_defaults():
    params = [
        {"name": "k", "type": "long", "default": 3, "shape": None},
        {"name": "stops", "type": "string", "default": ["a"], "shape": [-1]},
    ]
    found = schemas([{"type": "string", "name": "text"}], None, params).request["properties"]["params"]
    assert found["properties"] == {
        "k": {"type": "integer", "default": 3},
        "stops": {"type": "array", "items": {"type": "string"}, "default": ["a"]},
    }
    with pytest.raises(InvalidBundleError, match="it has params, and an input that is called params"):
        schemas([{"type": "string", "name": "params"}], None, params)


def test_without_a_signature_there_are_no_schemas():
    assert schemas(None, [{"type": "long"}]) == (None, None, False)
