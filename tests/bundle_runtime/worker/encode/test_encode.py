"""What predict_fn may return: the table of worker/encode.py, row by row."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import uuid
from typing import Any

import numpy
import pydantic
import pydantic.v1
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bundle_runtime.worker.encode.encode import encode
from bundle_runtime.worker.failures import NotJSON


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Box:
    corners: Any
    colour: Colour = Colour.RED


class Two(pydantic.BaseModel):
    value: int = pydantic.Field(serialization_alias="theValue")
    when: datetime.date | None = None


class Holder(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(arbitrary_types_allowed=True)
    array: Any


class Root(pydantic.RootModel[list[int]]):
    pass


class One(pydantic.v1.BaseModel):
    value: decimal.Decimal


class OneRoot(pydantic.v1.BaseModel):
    __root__: list[int]


Pair = collections.namedtuple("Pair", "a b")


class Tensor:
    """As torch, JAX and pandas have it."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def tolist(self) -> Any:
        return self.values


class EagerTensor:
    def numpy(self) -> Any:
        return numpy.array([1.5])


class Frame:
    columns = ("a",)

    def to_dict(self, orient: str) -> Any:
        assert orient == "records"
        return [{"a": 1}]


UUID = uuid.UUID(int=7)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"x": [1, 2.5, None, True, "é\u2028"]}, {"x": [1, 2.5, None, True, "é\u2028"]}),
        (numpy.int64(3), 3),
        (numpy.float32(0.5), 0.5),
        (numpy.float64(0.1), 0.1),
        (numpy.bool_(True), True),
        (numpy.str_("s"), "s"),
        (numpy.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (numpy.array(5), 5),
        (numpy.longdouble(1.5), 1.5),
        (numpy.array(["2020-01-02"], dtype="datetime64[D]"), ["2020-01-02"]),
        (
            numpy.array(["2020-01-02T03:04:05.000006789", "NaT"], dtype="datetime64[ns]"),
            ["2020-01-02T03:04:05.000006", None],
        ),
        (numpy.datetime64("2020-01-02", "ns"), "2020-01-02T00:00:00"),
        (numpy.timedelta64(1500, "ms"), 1.5),
        (Holder(array=numpy.arange(2)), {"array": [0, 1]}),
        (numpy.array([Box(1)], dtype=object), [{"corners": 1, "colour": "red"}]),
        (Tensor([[0.5]]), [[0.5]]),
        (EagerTensor(), [1.5]),
        (Frame(), [{"a": 1}]),
        (Box(numpy.arange(2)), {"corners": [0, 1], "colour": "red"}),
        (Two(value=1), {"theValue": 1, "when": None}),
        (Root([1]), [1]),
        (One(value=decimal.Decimal("1.10")), {"value": "1.10"}),
        (OneRoot(__root__=[1]), [1]),
        (Pair(1, 2), [1, 2]),
        (datetime.datetime(2020, 1, 2, 3, 4, 5), "2020-01-02T03:04:05"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        (datetime.time(1, 2), "01:02:00"),
        (datetime.timedelta(minutes=1), 60.0),
        (decimal.Decimal("1.10"), "1.10"),
        (UUID, str(UUID)),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (b"\x00\xff", "AP8="),
        (memoryview(b"a"), "YQ=="),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset(["a"]), ["a"]),
        (range(3), [0, 1, 2]),
        (collections.deque([1]), [1]),
        ({"a": 1}.keys(), ["a"]),
        (collections.ChainMap({"a": 1}), {"a": 1}),
        (collections.OrderedDict(a=1), {"a": 1}),
        ({1: "a", None: "b", 2.5: "c"}, {"1": "a", "null": "b", "2.5": "c"}),
        ({numpy.int64(1): {Colour.RED: UUID}}, {"1": {"red": str(UUID)}}),
        ({UUID: 1}, {str(UUID): 1}),
        ({datetime.date(2020, 1, 2): 1}, {"2020-01-02": 1}),
    ],
)
def test_what_has_a_rule(value: Any, text: Any) -> None:
    assert json.loads(encode(value)) == text


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (float("nan"), r"nan at \$,"),
        ({"a": [1, float("inf")]}, r"inf at \$\.a\[1\]"),
        (numpy.array([1.0, numpy.nan]), r"nan at \$\[1\]"),
        ({"a": Box(numpy.float32("nan"))}, r"nan at \$\.a\.corners"),
        ({"a": {float("nan"): 1}}, r"the key nan at \$\.a"),
        ({"a": object()}, r"builtins.object at \$\.a"),
        ([lambda: 1], r"function at \$\[0\]"),
        ([Box], r"a class at \$\[0\]"),
        (1j, "complex at"),
        (numpy.array([1j]), r"complex at \$\[0\]"),
        ({(1, 2): 3}, "the key"),
        ({b"k": 3}, "the key"),
        ("\ud800", "not valid Unicode"),
        (iter([1]), "list_iterator"),
    ],
)
def test_what_is_no_json_says_where_and_what_to_do(value: Any, says: str) -> None:
    with pytest.raises(NotJSON, match=says):
        encode(value)


def test_what_holds_itself() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(NotJSON):
        encode(value)
    root: dict[str, Any] = {"children": []}
    root["children"] = [{"parent": root, "at": at} for at in range(4)]
    with pytest.raises(NotJSON, match="Circular reference"):
        encode(root)
    root["children"][3]["at"] = float("nan")
    with pytest.raises(NotJSON, match=r"nan at \$\.children\[3\]\.at"):
        encode(root)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(NotJSON, match="nested too deeply"):
        encode(deep)


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(plain_values)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    assert json.loads(encode(value)) == value
