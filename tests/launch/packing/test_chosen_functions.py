"""Which functions of a file make the bundle where the user names none, or one."""

from __future__ import annotations

from typing import Any

import pytest

from launch.errors import InvalidBundleError
from launch.packing.chosen_functions import chosen


def file_with(**names: Any) -> dict[str, Any]:
    for value in names.values():
        if callable(value) and value.__module__ == __name__:
            value.__module__ = "file"
    return names


def made():
    return lambda x: x


@pytest.mark.parametrize(
    ("names", "wanted", "found"),
    [
        (("predict", "helper"), None, {"predict_fn": "predict"}),
        (("predict_fn", "helper"), None, {"predict_fn": "predict_fn"}),
        (("only",), None, {"predict_fn": "only"}),
        (("only", "_private"), None, {"predict_fn": "only"}),
        (("load_predict_fn", "model", "predict"), None, {"load_predict_fn": "load_predict_fn", "model": "model"}),
        (
            ("load_predict_fn", "load_model_fn", "model"),
            None,
            {"load_predict_fn": "load_predict_fn", "load_model_fn": "load_model_fn"},
        ),
        (("load_predict_fn", "predict"), None, {"predict_fn": "predict"}),
        (("predict", "helper"), "helper", {"predict_fn": "helper"}),
        (("load_predict_fn", "model"), "load_predict_fn", {"load_predict_fn": "load_predict_fn", "model": "model"}),
    ],
)
def test_what_is_chosen(names, wanted, found):
    assert chosen(file_with(**{name: made() for name in names}), "file", "f.py", wanted) == found


def test_what_the_file_imports_is_not_meant():
    names = file_with(own=made())
    names["dumps"] = __import__("json").dumps
    assert chosen(names, "file", "f.py") == {"predict_fn": "own"}


@pytest.mark.parametrize(
    ("names", "wanted", "says"),
    [
        (("one", "other"), None, "it has one, other: name the function, as in f.py:one"),
        ((), None, "it has no functions of its own"),
        (("one",), "two", "f.py has no two; it has one"),
        (("load_predict_fn",), "load_predict_fn", "needs load_predict_fn, and with it load_model_fn or model"),
    ],
)
def test_what_cannot_be_chosen_says_what_there_is(names, wanted, says):
    with pytest.raises(InvalidBundleError, match=says):
        chosen(file_with(**{name: made() for name in names}), "file", "f.py", wanted)
