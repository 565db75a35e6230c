"""The calling convention as a table: what a function looks like, and what it is then given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

from bundle_runtime.worker.predict.binder import Binder, call_load_model, call_load_predict, schema_fields

C = {"mode": "single"}
M = "model"


def all_by_place(*values: Any) -> Any:
    return values


def all_by_name(**values: Any) -> Any:
    return values


def named(app_config: Any, model: Any) -> Any:
    return {"app_config": app_config, "model": model}


def named_turned(model: Any, app_config: Any) -> Any:
    return {"app_config": app_config, "model": model}


def named_optional(model: Any, app_config: Any = "default") -> Any:
    return {"app_config": app_config, "model": model}


def half_named(settings: Any, model: Any) -> Any:
    return {"settings": settings, "model": model}


def option_beside(model: Any, device: str = "cpu") -> Any:
    return {"model": model, "device": device}


def keywords_only(*, model: Any, app_config: Any) -> Any:
    return {"app_config": app_config, "model": model}


def one_and_keywords(m: Any, **options: Any) -> Any:
    return (m, options)


def places_only(a: Any, b: Any, /) -> Any:
    return (a, b)


class Loader:
    def load(self, model: Any) -> Any:
        return model


@pytest.mark.parametrize(
    ("function", "without", "with_config"),
    [
        (lambda model: model, M, M),
        (lambda m: m, M, M),
        (lambda a, b: (a, b), ({}, M), (C, M)),
        (named, {"app_config": {}, "model": M}, {"app_config": C, "model": M}),
        (named_turned, {"app_config": {}, "model": M}, {"app_config": C, "model": M}),
        (named_optional, {"app_config": "default", "model": M}, {"app_config": C, "model": M}),
        (half_named, {"settings": {}, "model": M}, {"settings": C, "model": M}),
        (option_beside, {"model": M, "device": "cpu"}, {"model": M, "device": "cpu"}),
        (keywords_only, {"app_config": {}, "model": M}, {"app_config": C, "model": M}),
        (one_and_keywords, (M, {}), (M, {"app_config": C})),
        (places_only, ({}, M), (C, M)),
        (all_by_place, (M,), (C, M)),
        (all_by_name, {"model": M}, {"app_config": C, "model": M}),
        (Loader().load, M, M),
        (functools.partial(lambda a, b: (a, b), "bound"), ("bound", M), ("bound", M)),
        (lambda: "nothing", "nothing", "nothing"),
        (str, M, None),
    ],
)
def test_load_predict_fn(function: Callable[..., Any], without: Any, with_config: Any) -> None:
    assert call_load_predict(function, {}, False, M) == without
    if with_config is not None:
        assert call_load_predict(function, C, True, M) == with_config


@pytest.mark.parametrize(
    ("function", "without", "with_config"),
    [
        (lambda: "bare", "bare", "bare"),
        (lambda app_config: app_config, {}, C),
        (lambda settings: settings, {}, C),
        (lambda app_config=None: app_config, None, C),
        (lambda settings="default": settings, "default", C),
        (all_by_place, (), (C,)),
        (all_by_name, {}, {"app_config": C}),
        (dict, {}, C),
    ],
)
def test_load_model_fn(function: Callable[..., Any], without: Any, with_config: Any) -> None:
    assert call_load_model(function, {}, False) == without
    assert call_load_model(function, C, True) == with_config


def bound(function: Callable[..., Any], fields: dict[str, Any], *schema: str) -> tuple[Any, list[str]]:
    said: list[str] = []
    args, kwargs = Binder(function, frozenset(schema), said.append).bind(fields)
    return function(*args, **kwargs), said


def predict(x: int, y: str = "") -> Any:
    return (x, y)


def test_predict_takes_the_fields_by_name() -> None:
    assert bound(predict, {"y": "b", "x": 1}) == ((1, "b"), [])
    assert bound(predict, {"x": 1}) == ((1, ""), [])
    assert bound(all_by_name, {"x": 1, "self": 2}) == ({"x": 1, "self": 2}, [])
    assert bound(places_only, {"b": 2, "a": 1}) == ((1, 2), [])


def test_a_field_of_the_schema_that_is_not_taken_is_dropped_and_said() -> None:
    result, said = bound(predict, {"x": 1, "kind": "single"}, "x", "kind")
    assert result == (1, "")
    assert len(said) == 1
    assert "'kind'" in said[0]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "needs x"),
        ({"x": 1, "z": 2}, "takes x, y; the request also has z"),
        ({"y": 1}, "needs x"),
        ({"instances": [1]}, "/v1/models/NAME:predict takes instances"),
        ({"dataframe_split": {}}, "each argument of predict_fn is a field of its own"),
    ],
)
def test_fields_that_do_not_fit(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(TypeError, match=says):
        bound(predict, fields)


def test_the_fields_that_it_takes_and_needs() -> None:
    def fields(function: Callable[..., Any]) -> dict[str, list[str]]:
        return Binder(function, frozenset({"kind"}), print).fields

    assert fields(lambda x, y="": 0) == {"takes": ["kind", "x", "y"], "needs": ["x"]}
    assert fields(lambda x, **rest: 0) == {"needs": ["x"]}


def test_schema_fields_follow_references_and_branches() -> None:
    schema = {
        "anyOf": [{"$ref": "#/$defs/a~1b"}, {"properties": {"kind": {}}, "allOf": [{"properties": {"deep": {}}}]}],
        "$defs": {"a/b": {"properties": {"x": {"properties": {"inner": {}}}}, "$ref": "#"}},
    }
    assert schema_fields(schema) == {"x", "kind", "deep"}
    assert schema_fields(None) == schema_fields(True) == schema_fields({"$ref": "#/nowhere/at/all"}) == frozenset()
