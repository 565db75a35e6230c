"""Tensors judged by datatype and shape: what is certain, what is not, and what is looked at all the same."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.contract import tensors
from bundle_runtime.server.protocols.oip.checks import TensorCheck
from bundle_runtime.server.protocols.oip.fits import fits
from bundle_runtime.server.queue.calls import TensorHead
from bundle_runtime.server.schemas import Schema

INT = {"type": "integer"}
NUM = {"type": "number"}
STR = {"type": "string"}


def array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


def head(name: str, datatype: str, shape: list[int], form: str = "array") -> TensorHead:
    return {"name": name, "datatype": datatype, "shape": shape, "form": form, "size": 0}  # which no check looks at


@pytest.mark.parametrize(
    ("schema", "datatype", "shape"),
    [
        (array(array(array({**INT, "minimum": 0, "maximum": 255}))), "UINT8", [224, 224, 3]),
        (array(NUM, minItems=2, maxItems=2), "FP32", [2]),
        (array({"type": ["integer"]}, title="T", default=[1], examples=[[1]], description="d"), "INT64", [2]),
        (array({"type": ["number", "null"]}), "INT64", [2]),
        ({"anyOf": [array(INT), {"type": "null"}]}, "INT8", [2]),
        (array(STR), "BYTES", [2]),
        (array({"type": "boolean"}), "BOOL", [2]),
        (array({"$ref": "#/$defs/Row"}), "FP64", [2, 3]),
        (array({"$ref": "#/definitions/Old", "title": "T"}), "UINT16", [2]),
        (array({"type": "object"}), "UINT8", [0]),
        (array(STR), "INT8", [0, 3]),
        ({"type": "array"}, "INT8", [2, 3]),
        (array(True), "INT8", [2]),
        ({"description": "anything"}, "FP16", []),
        (True, "FP16", [3]),
        (NUM, "INT8", []),
        ({"$ref": "#/$defs/Tree"}, "INT8", [1] * 50),
    ],
)
def test_what_is_certain(schema: Any, datatype: str, shape: list[int]) -> None:
    tree = {"anyOf": [INT, array({"$ref": "#/$defs/Tree"}), array({"$ref": "#/$defs/Tree"})]}
    root = {"$defs": {"Row": array(NUM), "Tree": tree}, "definitions": {"Old": INT}}
    assert fits(schema, root, datatype, shape)
    element = {"BYTES": "a", "BOOL": True}.get(datatype, 0.5 if datatype in tensors.FLOATS else 1)
    value = tensors.nested([element] * tensors.count(shape), shape)
    assert Schema({**root, "properties": {"x": schema}}).accepts({"x": value})


@pytest.mark.parametrize(
    ("schema", "datatype"),
    [
        (array(INT), "FP32"),
        (array({**INT, "minimum": 0}), "INT8"),
        (array({**INT, "maximum": 254}), "UINT8"),
        (array({**NUM, "maximum": 1}), "FP32"),
        (array({**INT, "multipleOf": 1}), "UINT8"),
        (array({**INT, "exclusiveMaximum": 256}), "UINT8"),
        (array({**INT, "enum": [0, 1]}), "UINT8"),
        (array({"const": 1}), "UINT8"),
        (array({"minimum": 0}), "UINT8"),
        (array({**STR, "minLength": 0}), "BYTES"),
        (array({**STR, "format": "byte"}), "BYTES"),
        (array({"type": "boolean", "minimum": 0}), "BOOL"),
        (array(INT, uniqueItems=True), "UINT8"),
        (array(INT, contains={"const": 1}), "UINT8"),
        (array(INT, prefixItems=[INT]), "UINT8"),
        (array(INT, unevaluatedItems=False), "UINT8"),
        (array([INT]), "UINT8"),
        (array(False), "UINT8"),
        ({"items": INT}, "UINT8"),
        ({"allOf": [array(INT)]}, "UINT8"),
        ({"oneOf": [array(INT), array(NUM)]}, "UINT8"),
        ({"not": STR}, "UINT8"),
        ({"if": {}, "then": array(INT)}, "UINT8"),
        ({"anyOf": [array(INT)], "type": "array"}, "UINT8"),
        ({"$ref": "#/$defs/Ints", "maxItems": 1}, "UINT8"),
        ({"$ref": "#/$defs/nowhere"}, "UINT8"),
        ({"$ref": "#/$defs/Loop"}, "UINT8"),
        ({"$ref": "#/$defs/Ints/items"}, "UINT8"),
        ({"$ref": "https://example.com/x"}, "UINT8"),
        ({"$id": "https://example.com/x", **array(INT)}, "UINT8"),
        (array(array(INT)), "UINT8"),
        (INT, "UINT8"),
        (False, "UINT8"),
    ],
)
def test_what_has_to_be_looked_at(schema: Any, datatype: str) -> None:
    root = {"$defs": {"Ints": array(INT), "Loop": {"$ref": "#/$defs/Loop"}}}
    assert not fits(schema, root, datatype, [2])


@pytest.mark.parametrize(
    "more",
    [
        {"allOf": [{"properties": {"x": {"maxItems": 1}}}]},
        {"anyOf": [{"required": ["y"]}]},
        {"if": {"properties": {"x": {"minItems": 1}}}, "then": False},
        {"patternProperties": {"x": {"maxItems": 1}}},
        {"additionalProperties": {"maxItems": 1}},
        {"unevaluatedProperties": False},
        {"dependentSchemas": {"x": False}},
        {"const": {}},
        {"$ref": "#/$defs/Other"},
        {"$defs": {"Inner": {"$id": "https://example.com/inner"}}},
        {"$defs": {"Inner": {"$anchor": "inner"}}},
        {"$defs": {"Inner": {"$ref": "#/properties/x"}}},
        {"$defs": {"Inner": {"$dynamicRef": "#x"}}},
        {"$defs": {"Inner": {"items": {"$ref": "#"}}}},
    ],
)
def test_a_schema_that_is_not_only_of_its_properties_goes_the_old_way(more: Any) -> None:
    schema = {"type": "object", "properties": {"x": array(INT)}}
    heads, data = [head("x", "UINT8", [2])], [b"\x00\x01"]
    assert TensorCheck(schema).accepts(heads, data)
    assert not TensorCheck({**schema, **more}).accepts(heads, data)


@pytest.mark.parametrize("schema", [True, False, {"type": "array"}, {"properties": {"x": array(STR)}}])
def test_it_never_accepts_what_the_whole_schema_would_not(schema: Any) -> None:
    heads, data = [head("x", "UINT8", [2])], [b"\x00\x01"]
    assert not TensorCheck(schema).accepts(heads, data)


SCHEMA = {
    "type": "object",
    "properties": {"image": array(array(INT)), "threshold": {"$ref": "#/$defs/Share"}, "words": array(STR)},
    "required": ["image"],
    "additionalProperties": False,
    "$defs": {"Share": {**NUM, "minimum": 0, "maximum": 1}},
}
IMAGE = head("image", "UINT8", [224, 224])


class TestAnObject:
    def accepts(self, *given: tuple[TensorHead, bytes]) -> bool:
        return TensorCheck(SCHEMA).accepts([head for head, _ in given], [data for _, data in given])

    def threshold(self, value: float) -> tuple[TensorHead, bytes]:
        return head("threshold", "FP64", [1], "scalar"), tensors.pack("FP64", [value])

    def test_nobody_looks_at_the_elements(self) -> None:
        assert self.accepts((IMAGE, b""))

    def test_what_needs_a_look_is_looked_at_alone(self) -> None:
        assert self.accepts((IMAGE, b""), self.threshold(0.5))
        assert not self.accepts((IMAGE, b""), self.threshold(1.5))

    def test_names_count(self) -> None:
        assert not self.accepts(self.threshold(0.5)), "image is required"
        assert not self.accepts((IMAGE, b""), (head("other", "UINT8", [1]), b"\0")), "nothing else may be there"

    @pytest.mark.parametrize(("text", "accepted"), [('["a"]', True), ("[1]", False)])
    def test_json_text_is_looked_at(self, text: str, accepted: bool) -> None:
        words = head("words", "BYTES", [1], "json"), tensors.pack("BYTES", [text])
        assert self.accepts((IMAGE, b""), words) == accepted


@pytest.mark.parametrize("datatype", tensors.FLOATS)
def test_what_is_not_finite_is_left_to_the_whole_schema(datatype: str) -> None:
    for element in (math.nan, math.inf, -math.inf):
        for schema in (NUM, {}):
            data = tensors.pack(datatype, [0.0, element, 1.0])
            check = TensorCheck(array(schema))
            assert not check.accepts([head("output", datatype, [3])], [data], single=True)
    fine = tensors.pack(datatype, [0.0, 1.0, -2.5])
    assert TensorCheck(array(NUM)).accepts([head("output", datatype, [3])], [fine], single=True)


EIGHTS = st.lists(st.binary(min_size=8, max_size=8), min_size=1, max_size=8).map(b"".join)


@given(EIGHTS, st.sampled_from(tensors.FLOATS))
def test_what_is_plainly_finite_is_finite(data: bytes, datatype: str) -> None:
    number = len(data) // {"FP16": 2, "BF16": 2, "FP32": 4, "FP64": 8}[datatype]
    if tensors.plainly_finite(datatype, memoryview(data)):
        assert all(map(math.isfinite, tensors.unpack(datatype, data, number)))


def test_what_is_kept_of_one_shape_is_not_taken_for_another() -> None:
    properties = {"a": array(INT, minItems=2), "b": array(STR, minItems=2)}
    check = TensorCheck({"type": "object", "properties": properties})
    one = tensors.pack("INT8", [1, 2])
    for _ in range(2):
        assert check.accepts([head("a", "INT8", [2])], [one])
        assert not check.accepts([head("a", "INT8", [1])], [one[:1]])
        assert not check.accepts([head("b", "INT8", [2])], [one])
        assert not check.accepts([head("a", "INT8", [])], [one[:1]])
