"""The schemas of pydantic classes and of dicts: they survive the cluster, and take what the class takes.

tests/launch/packing/test_pythons.py runs these with pydantic 1.10 and with 2, and where there is no jsonschema-rs.
"""

from __future__ import annotations

import re
import subprocess
import sys
from enum import Enum
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Union

import pydantic
import pytest
from pydantic import BaseModel, Field
from typing_extensions import Literal

from bundle_spec.exact_values import check_survives
from launch.errors import InvalidBundleError, WrongTypeError
from launch.packing.schemas.models import both_or_none, json_schema
from launch.packing.schemas.outline import outline

try:
    from jsonschema_rs import Draft202012Validator
except ImportError:
    Draft202012Validator = None  # type: ignore[assignment,misc]

ONE = pydantic.VERSION.startswith("1.")
only_one = pytest.mark.skipif(not ONE, reason="needs pydantic 1")
only_two = pytest.mark.skipif(ONE, reason="needs pydantic 2")
ROOT = Path(__file__).resolve().parents[4]

if ONE:

    def root_model(of: Any) -> Any:
        return type("Root", (BaseModel,), {"__annotations__": {"__root__": of}, "__module__": __name__})

else:

    def root_model(of: Any) -> Any:
        return pydantic.RootModel[of]


class Kind(Enum):
    NONE = None
    SOME = "some"


class Single(BaseModel):
    kind: Literal["single"]
    x: int
    y: str


class Batched(BaseModel):
    kind: Literal["batched"]
    x: List[int]
    y: List[str]


class Deep(BaseModel):
    items: Dict[str, List[Single]]
    alias: int = Field(1, alias="other-name")


class Nullable(BaseModel):
    x: Optional[int] = None
    y: List[Optional[str]] = []
    z: Dict[str, Optional[float]] = {}
    one: Union[int, str, None] = None
    default: Optional[Single] = None


class Nulls(BaseModel):
    always: Literal[None] = None
    some: Literal[1, None] = None
    kind: Kind = Kind.NONE
    anything: Any = None
    rate: float = Field(1.0, ge=0.0, le=2.5)


class Pair(BaseModel):
    pair: Tuple[int, str]


class Node(BaseModel):
    value: int
    left: Optional[Node] = None


if ONE:
    Node.update_forward_refs()


@pytest.mark.parametrize(
    ("model", "taken", "refused"),
    [
        (
            Single,
            [{"kind": "single", "x": 1, "y": "a"}],
            [{"x": 1, "y": "a"}, {"kind": "single", "x": "a", "y": "a"}, 7],
        ),
        (root_model(int), [7], ["a", None, 1.5]),
        (root_model(Union[int, List[int]]), [7, [7]], ["a", ["a"]]),
        (
            root_model(Union[Single, Batched]),
            [{"kind": "single", "x": 1, "y": "a"}, {"kind": "batched", "x": [1], "y": ["a"]}],
            [{"kind": "batched", "x": 1, "y": "a"}],
        ),
        (root_model(Optional[int]), [7, None], ["a"]),
        (
            Deep,
            [{"items": {"a": [{"kind": "single", "x": 1, "y": "a"}]}, "other-name": 2}],
            [{"items": {"a": [{}]}}, {"items": {}, "other-name": "a"}],
        ),
        (
            Nullable,
            [
                {},
                {"x": None, "y": [None, "a"], "z": {"a": None, "b": 1.5}, "one": None, "default": None},
                {"x": 1, "one": "a", "default": {"kind": "single", "x": 1, "y": "a"}},
            ],
            [{"x": "a"}, {"y": [1]}, {"z": {"a": "b"}}, {"one": []}, {"default": {}}],
        ),
        (
            Nulls,
            [{}, {"some": 1, "kind": "some", "anything": [None], "rate": 2.5}],
            [{"some": 2}, {"kind": "x"}, {"rate": 3}],
        ),
        (Pair, [{"pair": [1, "a"]}], [{"pair": ["a", 1]}, {"pair": [1]}, {"pair": [1, "a", 2]}]),
        (Node, [{"value": 1, "left": {"value": 2, "left": None}}], [{"value": 1, "left": {}}]),
    ],
)
@pytest.mark.parametrize("mode", ["request", "response"])
def test_a_class_becomes_a_schema_that_takes_what_it_takes(model, taken, refused, mode):
    schema = json_schema(model, f"{mode}_schema", mode)
    check_survives(schema)
    if Draft202012Validator is None:
        return
    validator = Draft202012Validator(schema)
    if mode == "request":
        assert [value for value in taken if not validator.is_valid(value)] == []
    assert [value for value in refused if validator.is_valid(value)] == []


def test_what_is_null_by_default_may_be_null():
    schema = json_schema(Nullable, "response_schema", "response")
    assert "default" not in schema["properties"]["x"]
    assert {"type": "null"} in schema["properties"]["x"]["anyOf"]
    assert "default" in schema["properties"]  # as the name of a field it stays


@only_two
def test_a_request_is_what_the_class_takes_and_a_response_what_it_gives():
    class Model(BaseModel):
        x: int = 1

        @pydantic.computed_field
        def twice(self) -> int:
            return 2 * self.x

    assert list(json_schema(Model, "request_schema", "request")["properties"]) == ["x"]
    assert "twice" in json_schema(Model, "response_schema", "response")["required"]


@only_two
def test_the_first_pydantic_inside_the_second_is_known(recwarn):
    from pydantic.v1 import BaseModel as First

    model = type("Old", (First,), {"__annotations__": {"__root__": Optional[int]}, "__module__": __name__})
    schema = json_schema(model, "response_schema", "response")
    assert schema["anyOf"] == [{"type": "integer"}, {"type": "null"}]


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
        ({"$ref": "https://host/schema"}, "request_schema.*https://host/schema"),
        (
            {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"},
            "is not supported; leave .schema out",
        ),
        ({"type": "integer", "maximum": 2**60}, r"request_schema\.maximum is 1152921504606846976, outside"),
        ({"type": "object", "x-note": None}, r"request_schema\.x-note is null"),
        ({1: {"type": "object"}}, "request_schema has the key 1, which is no string"),
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
    ({"$ref": "#none"}, r"\$ref '#none' is nowhere in the schema"),
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


class NoModel:
    pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            NoModel,
            "response_schema is the class NoModel, which is no pydantic model: give a pydantic model class, or a",
        ),
        (NoModel(), "response_schema is a NoModel: give"),
        (BaseModel, "response_schema is the class BaseModel, which is no pydantic model"),
        (Pair(pair=(1, "a")), "response_schema is an object of the pydantic model Pair, give the class itself"),
        ("{}", "response_schema is a str: give"),
        (List[int], "response_schema is a _GenericAlias: give"),
    ],
)
def test_other_types_are_type_errors(given, said):
    with pytest.raises(WrongTypeError, match=said):
        json_schema(given, "response_schema", "response")


def test_a_class_without_a_schema_is_refused_by_its_name():
    class Own:
        pass

    if ONE:
        model = type(
            "Model",
            (BaseModel,),
            {"__annotations__": {"x": Own}, "Config": type("Config", (), {"arbitrary_types_allowed": True})},
        )
    else:
        model = type(
            "Model", (BaseModel,), {"__annotations__": {"x": Own}, "model_config": {"arbitrary_types_allowed": True}}
        )
    with pytest.raises(InvalidBundleError, match="request_schema: Model has no JSON Schema: "):
        json_schema(model, "request_schema", "request")


def test_both_schemas_are_given_or_none():
    assert both_or_none(None, None) == {}
    both = both_or_none(Pair, {"type": "integer"})
    assert list(both) == ["requestSchema", "responseSchema"]
    assert both["responseSchema"] == {"type": "integer"}
    with pytest.raises(InvalidBundleError, match="request_schema is given and response_schema is not: give both"):
        both_or_none(Pair, None)
    with pytest.raises(InvalidBundleError, match="response_schema is given and request_schema is not: give both"):
        both_or_none(None, Pair)


def test_pydantic_is_not_imported_for_a_dict():
    program = (
        "import sys; from launch.packing.schemas.models import both_or_none;"
        "both_or_none({'type': 'object'}, {'type': 'integer'});"
        "print('pydantic' in sys.modules)"
    )
    environment = {"PYTHONPATH": ":".join([str(ROOT), *filter(None, sys.path)])}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
    assert done.stdout.strip() == b"False"
