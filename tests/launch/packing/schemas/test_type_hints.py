"""What the type hints of a function say of its requests and predictions, and what they cannot say.

tests/launch/packing/test_pythons.py runs these under other Pythons, with pydantic 1.10 and with 2.
"""

from __future__ import annotations

import sys
import types
import typing
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Dict, Iterator, List, Literal, NewType, Optional, Tuple, TypedDict, Union

import pytest

from launch.packing.schemas.models import both_or_none
from launch.packing.schemas.type_hints import ANY, schemas_of_hints


def hinted(function: Any) -> Any:
    return schemas_of_hints(function)


class Point(TypedDict):
    x: float
    name: str


@dataclass
class Item:
    x: int


class Colour(Enum):
    RED = "red"


def _hinted(hint: Any) -> Any:
    def predict(x):
        return x

    predict.__annotations__ = {"x": hint, "return": int}
    return hinted(predict)


HINTS = [
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (str, {"type": "string"}),
    (bool, {"type": "boolean"}),
    (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (Union[int, str], {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
    (List[float], {"type": "array", "items": {"type": "number"}}),
    (List[List[float]], {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}),
    (list, {"type": "array"}),
    (List, {"type": "array"}),
    (List[Any], {"type": "array"}),
    (Dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (dict, {"type": "object"}),
    (Tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
    (
        Tuple[int, str],
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "maxItems": 2},
    ),
    (Literal["a", 2], {"enum": ["a", 2]}),
    (Literal["a", None], {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}),
    (
        Point,
        {
            "type": "object",
            "properties": {"x": {"type": "number"}, "name": {"type": "string"}},
            "required": ["name", "x"],
        },
    ),
    (NewType("UserId", int), {"type": "integer"}),
    (object, ANY),
    (Any, ANY),
]
if sys.version_info >= (3, 9):
    HINTS += [
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (typing.Annotated[int, ["a"]], {"type": "integer"}),
    ]


@pytest.mark.parametrize(("hint", "schema"), HINTS)
def test_a_hint_says_what_a_field_may_be(hint, schema):
    found = _hinted(hint)
    assert found.request["properties"]["x"] == schema
    assert found.said == []
    both_or_none(found.request, found.response)  # a cluster takes them


@pytest.mark.skipif(sys.version_info < (3, 10), reason="X | Y is an expression from Python 3.10 on")
def test_so_does_one_with_a_bar():
    assert _hinted(int | None).request["properties"]["x"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


@pytest.mark.parametrize("hint", [Item, Colour, bytes, complex, datetime, List[Item], [int], {"a": int}, 3])
def test_a_class_of_its_own_takes_any_value_and_that_is_said(hint):
    found = _hinted(hint)
    assert found.request["properties"]["x"] in (ANY, {"type": "array"})
    assert "of x is not a JSON type: any value is taken" in found.said[0]


def test_defaults_may_be_left_out_and_other_names_are_refused():
    def predict(x: int, y: str = "a", z: int = 0) -> float:
        return x

    predict.__defaults__ = ("a", None)  # as in z: int = None
    found = hinted(predict)
    assert found is not None
    assert found.request["required"] == ["x"]
    assert found.request["additionalProperties"] is False
    assert {"type": "null"} in found.request["properties"]["z"]["anyOf"]
    assert found.response == {"type": "number"}


def test_further_fields_are_taken_where_the_function_takes_them():
    def loose(x: int, **more) -> int:
        return x

    def strict(x: int, **more: int) -> int:
        return x

    assert hinted(loose).request["additionalProperties"] is True
    assert hinted(strict).request["additionalProperties"] == {"type": "integer"}


def test_of_an_object_or_a_class_its_call_is_meant():
    class Predictor:
        def __call__(self, x: int) -> int:
            return x

    expected = {"x": {"type": "integer"}}
    assert hinted(Predictor()).request["properties"] == expected
    assert hinted(Predictor).request["properties"] == expected
    assert hinted(Predictor().__call__).request["properties"] == expected


def test_what_is_yielded_is_not_described():
    def predict(n: int) -> Iterator[int]:
        yield from range(n)

    assert hinted(predict).response == ANY


def _without_hints(x, y):
    return x


def _of_nothing_that_is_there(x: NotThere):  # type: ignore[name-defined]  # noqa: F821
    return 1


def _of_something_too(x: NotThere, y: List[int]) -> NotThere:  # type: ignore[name-defined]  # noqa: F821
    return 1


def test_a_hint_that_names_what_is_not_there_spoils_no_other():
    """As under `if TYPE_CHECKING:`."""
    found = hinted(_of_something_too)
    assert found.request["properties"] == {"x": ANY, "y": {"type": "array", "items": {"type": "integer"}}}
    assert found.response == ANY
    assert found.said == [
        "the hint NotThere of x names what is not there: any value is taken",
        "the hint NotThere of the result names what is not there: any value is taken",
    ]


@pytest.mark.parametrize("function", [_without_hints, _of_nothing_that_is_there, len, print])
def test_without_hints_that_say_something_there_is_no_schema(function):
    assert hinted(function) is None


def test_a_pydantic_class_of_a_field_is_any_value_as_requests_are_plain_json():
    pydantic = pytest.importorskip("pydantic", reason="needs pydantic")
    found = _hinted(pydantic.create_model("Question", text=(str, ...)))
    assert found.request["properties"]["x"] == ANY
    assert found.said == ["the hint Question of x is not a JSON type: any value is taken"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="NotRequired is in typing from Python 3.11 on")
@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_a_field_of_a_typed_dict_may_be_left_out_though_its_module_is_gone(future):
    """As that of a file which `modelbundle` ran for its functions."""
    source = """
from typing import NotRequired, Required, TypedDict
class Whole(TypedDict):
    x: float
    y: NotRequired[str]
class Part(TypedDict, total=False):
    x: Required[float]
    y: str
def predict(a: Whole, b: Part) -> int: ...
"""
    sys.modules["gone"] = module = types.ModuleType("gone")
    try:
        exec(compile(future + source, "gone", "exec", dont_inherit=True), module.__dict__)
    finally:
        del sys.modules["gone"]
    properties = hinted(module.predict).request["properties"]
    expected = {"x": {"type": "number"}, "y": {"type": "string"}}
    assert properties["a"] == properties["b"] == {"type": "object", "properties": expected, "required": ["x"]}


def test_a_pydantic_class_is_the_prediction_it_becomes():
    pydantic = pytest.importorskip("pydantic", reason="needs pydantic")
    answer = pydantic.create_model("Answer", label=(str, ...))

    def predict(x: int):
        return answer(label="a")

    predict.__annotations__["return"] = answer
    found = hinted(predict)
    assert both_or_none(found.request, found.response)["responseSchema"]["properties"]["label"]["type"] == "string"
