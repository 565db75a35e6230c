"""The schemas of pydantic classes and of dicts: they survive the cluster, and take what the class takes.

tests/launch/packing/test_pythons.py runs these with pydantic 1.10 and with 2, and where there is no jsonschema-rs.
"""

from __future__ import annotations

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


class NoModel:
    pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            NoModel,
            "response_schema is the class NoModel, which is not a pydantic model: give a pydantic model class, or a",
        ),
        (NoModel(), "response_schema is a NoModel: give"),
        (BaseModel, "response_schema is the class BaseModel, which is not a pydantic model"),
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
