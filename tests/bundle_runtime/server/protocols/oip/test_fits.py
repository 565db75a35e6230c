"""Tensors are judged without their elements as the whole schema would judge them, whatever the schema and the shape."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bundle_runtime.contract import tensors
from bundle_runtime.server.protocols.oip.checks import TensorCheck, value
from bundle_runtime.server.protocols.oip.fits import fits
from bundle_runtime.server.schemas import Schema

# of each datatype the elements that a schema minds first
EXTREMES: dict[str, tuple[Any, ...]] = {
    **{f"INT{bits}": (-(2 ** (bits - 1)), 0, 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"UINT{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64)},
    "FP16": (0.5, -65504.0, 65504.0),
    "BF16": (0.5, -(2.0**127), 2.0**127),
    "FP32": (0.5, -(2.0**127), 2.0**127),
    "FP64": (0.5, -1e308, 1e308),
    "BOOL": (False, True),
    "BYTES": ("", "é"),
}
DEFINITIONS = {"$defs": {"Int": {"type": "integer"}, "Row": {"type": "array", "items": {"type": "number"}}}}


def test_every_datatype_has_extremes() -> None:
    assert set(EXTREMES) == set(tensors.DATATYPES)


def several(keys: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), values, max_size=2)


def both(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {key: value for part in found for key, value in part.items()})


LIMITS = st.sampled_from([-(2**63), -(2**31), -129, -128, -1, 0, 1, 127, 255, 256, 65535, 2**63 - 1, 2**64 - 1, 0.5])
SIZES = st.integers(0, 3)
NOTES = several(["title", "description", "$comment"], st.just("n"))
ELEMENTS = st.one_of(
    both(
        st.sampled_from(["integer", "number", ["integer"], ["number", "null"]]).map(lambda kind: {"type": kind}),
        several(["minimum", "maximum"], LIMITS),
        NOTES,
    ),
    st.sampled_from(["boolean", "string", "null", ["string", "boolean"]]).map(lambda kind: {"type": kind}),
    st.sampled_from([True, False, {}, {"$ref": "#/$defs/Int"}, {"$ref": "#/$defs/Row"}]),
)


def arrays(items: st.SearchStrategy[Any], *more: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Any]:
    return both(items.map(lambda items: {"type": "array", "items": items}), *more)


SIMPLE = st.recursive(ELEMENTS, lambda inner: arrays(inner, several(["minItems", "maxItems"], SIZES), NOTES))


@settings(max_examples=500)
@given(SIMPLE, st.sampled_from(tensors.DATATYPES), st.lists(SIZES, max_size=3))
def test_judgement_and_full_validation_agree(schema: Any, datatype: str, shape: list[int]) -> None:
    full = Schema({**DEFINITIONS, "properties": {"x": schema}})
    filled = [tensors.nested([element] * tensors.count(shape), shape) for element in EXTREMES[datatype]]
    assert fits(schema, DEFINITIONS, datatype, shape) == all(full.accepts({"x": value}) for value in filled)


@pytest.mark.parametrize("datatype", [datatype for datatype in EXTREMES if "INT" in datatype])
def test_limits_are_those_of_the_datatype_to_the_last_one(datatype: str) -> None:
    least, *_, most = EXTREMES[datatype]
    for low in (least - 1, least, least + 1):
        for high in (most - 1, most, most + 1):
            schema = {"type": "integer", "minimum": low, "maximum": high}
            assert fits(schema, {}, datatype, []) == (low <= least and most <= high)


# of each datatype what it may be called, what else holds for some of its elements, and what has to be looked at
KINDS = {datatype: ("integer", "number") for datatype in EXTREMES if "INT" in datatype}
KINDS |= {**dict.fromkeys(tensors.FLOATS, ("number", "integer")), "BOOL": ("boolean",), "BYTES": ("string",)}
BESIDE = st.sampled_from(
    [{"minimum": 0}, {"maximum": 255}, {"multipleOf": 2}, {"minLength": 1}, {"enum": [0, 1, "", True]}, {"not": {}}]
)
ACROSS: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [{"uniqueItems": True}, {"contains": {"const": 0}}, {"prefixItems": [True]}, {"maxItems": 2}]
)
ROUND = st.sampled_from(["anyOf", "oneOf", "allOf"])


@st.composite
def fields(draw: st.DrawFn) -> tuple[Any, dict[str, Any], bytes]:
    """The schema of a tensor that often fits, the tensor's head and its bytes."""
    datatype = draw(st.sampled_from(tensors.DATATYPES))
    shape = draw(st.lists(SIZES, max_size=2))
    schema: Any = {"type": draw(st.sampled_from(KINDS[datatype]))}
    rarely = st.integers(0, 3).map(lambda number: not number)
    if draw(rarely):
        schema |= draw(BESIDE)
    for _ in shape:
        schema = {"type": "array", "items": schema, **(draw(ACROSS) if draw(rarely) else {})}
    if draw(rarely):
        schema = {draw(ROUND): [draw(ELEMENTS), schema]}
    count = tensors.count(shape)
    elements = draw(st.lists(st.sampled_from(EXTREMES[datatype]), min_size=count, max_size=count))
    head = {"datatype": datatype, "shape": shape, "form": "array" if shape else "scalar"}
    return schema, head, tensors.pack(datatype, elements)


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from("xyz"), fields(), min_size=1), st.sampled_from("xyz"), st.booleans())
def test_what_is_accepted_would_have_been_by_the_whole_schema(given: Any, other: str, others: bool) -> None:
    properties = {name: schema for name, (schema, _, _) in given.items() if name != other}
    schema = {**DEFINITIONS, "properties": properties, "required": ["x"], "additionalProperties": others}
    heads: list[Any] = [{"name": name, **head} for name, (_, head, _) in given.items()]
    data = [part for _, _, part in given.values()]
    values = {head["name"]: value(head, part) for head, part in zip(heads, data, strict=True)}
    accepted = TensorCheck(schema).accepts(heads, data)
    assert Schema(schema).accepts(values) == accepted, "each property is judged alone: both must say the same"


@settings(max_examples=500)
@given(fields())
def test_a_single_value_is_accepted_only_when_the_whole_schema_does(given: Any) -> None:
    schema, head, data = given
    schema = {**DEFINITIONS, **schema}
    full = Schema(schema).accepts(value(head, data))
    assert full or not TensorCheck(schema).accepts([head], [data], single=True)
